/** Older archives of a resource or hook whose series changes because it, its stack or its project is renamed. */

import { untilAborted } from "../../abort";
import { readListedManifest } from "../../catalog/listedManifest";
import { archiveOfManifest } from "../../catalog/manifestName";
import { seriesOf } from "../../catalog/series";
import { explain, isCode } from "../../errors";
import { type Context, isRecord, UNKNOWN, type Value, type Values } from "../../lifecycle";
import { isEmpty } from "../../retention/policy";
import { listSeries } from "../../retention/listing";
import { withStore } from "../../store/backends";
import { inParallel } from "../../store/inParallel";
import { parseLocation } from "../../store/location";
import { fixedPrefix } from "../../store/nameTemplate";
import type { Store, StoredObject } from "../../store/store";
import { readRetention } from "../../args/retention";
import { ownerOf } from "../commonArgs";
import { cleanLine, composed, remark } from "../../text";

/** Each manifest is a request. */
const MAX_MANIFESTS = 100;
const MAX_SERIES = 3;

/** The series that follows from state or arguments; `undefined` if it is unknown. */
export function seriesIn({ series, identity }: Values): string | undefined {
  if (typeof series === "string") return series;
  if (series === UNKNOWN || !isRecord(identity)) return undefined;
  const { organization, project, stack, name } = identity;
  if (!isText(organization) || !isText(project) || !isText(stack) || !isText(name)) return undefined;
  return seriesOf({ organization, project, stack, name });
}

/**
 * Reports how many archives of the former series retention no longer manages, and how to continue that series. Never fails.
 *
 * @param recorded - state before the change
 * @param inputs - the arguments now
 */
export async function reportFormerSeries(recorded: Values, inputs: Values, context: Context): Promise<void> {
  const former = seriesIn(recorded);
  const now = seriesIn(inputs);
  if (former === undefined || now === undefined || former === now) return;
  if (typeof inputs.target !== "string" || isEmpty(readRetention(inputs.retention))) return;
  const hint = `set series: ${JSON.stringify(former)} to continue it`;
  const failed = `the series is now ${now}, and archives of the former series ${former} could not be counted; ${hint}`;
  await withTarget(inputs.target, failed, context, async (store, template) => {
    const { archives } = await listSeries({ store, template, series: former }, undefined, context.signal);
    if (archives.length === 0) return;
    context.warn(
      remark`retention does not remove archives of another series: ${counted(archives)} of the former series ${former} will stay, because the series is now ${now}; ${hint}`,
    );
  });
}

/**
 * Reports, with the first archive of a series, which series at the same place it may continue. State of a hook does not store
 * its series, so a former one is recognized by its name, or by its organization, project and stack. Never fails.
 *
 * @param inputs - the arguments of the hook
 * @param outputs - of its save
 */
export async function reportPossibleFormerSeries(inputs: Values, outputs: Values, context: Context): Promise<void> {
  const isFirst = outputs.kept === 1 && outputs.removed === 0;
  if (!isFirst || typeof inputs.target !== "string") return;
  const now = seriesOf(ownerOf(context, "snapshot", inputs.series));
  const isFirstOf = `this is the first archive of the series ${now}`;
  const failed = `${isFirstOf}; a former series could not be looked for`;
  await withTarget(inputs.target, failed, context, async (store, template) => {
    const others = await seriesLike(now, store, template, context.signal);
    for (const former of others.slice(0, MAX_SERIES)) {
      const { archives } = await listSeries({ store, template, series: former }, undefined, context.signal);
      context.info(
        remark`${isFirstOf}; retention does not remove the ${counted(archives)} of ${former} at the same place; if that is the former series, set series: ${JSON.stringify(former)} to continue it`,
      );
    }
  });
}

/**
 * Does `work` at a target, which may not exist yet: then it contains no archives.
 *
 * @param failed - what any other failure means, for a warning
 */
async function withTarget(
  target: string,
  failed: string,
  context: Context,
  work: (store: Store, template: string) => Promise<void>,
): Promise<void> {
  try {
    const place = parseLocation(target);
    await withStore(place, (store) => work(store, place.key));
  } catch (error) {
    if (!isCode(error, "STORE_NOT_FOUND")) context.warn(composed`${cleanLine(failed)}: ${explain(error)}`);
  }
}

function counted({ length }: readonly unknown[]): string {
  return length === 1 ? "1 archive" : `${length} archives`;
}

/** The series of backups at a place that differ from this one in the last part of their name, or in all others. */
async function seriesLike(series: string, store: Store, template: string, signal: AbortSignal): Promise<string[]> {
  const manifests: StoredObject[] = [];
  for await (const object of untilAborted(store.list(fixedPrefix(template)), signal)) {
    if (archiveOfManifest(object.key) !== undefined) manifests.push(object);
    if (manifests.length === MAX_MANIFESTS) break;
  }
  const found = new Set<string>();
  await inParallel(manifests, signal, async (object) => {
    const manifest = await readListedManifest(store, object, signal);
    if (typeof manifest === "object" && manifest.purpose === "backup") found.add(manifest.series);
  });
  return [...found].filter((other) => other !== series && isRenamed(series, other)).sort();
}

function isRenamed(series: string, other: string): boolean {
  const [program, name] = splitName(series);
  const [otherProgram, otherName] = splitName(other);
  return (program !== "" && program === otherProgram) || name === otherName;
}

/** A series of four parts ends with the name of a resource or hook. */
function splitName(series: string): readonly [program: string, name: string] {
  const end = series.lastIndexOf("/");
  return [series.slice(0, Math.max(0, end)), series.slice(end + 1)];
}

function isText(value: Value | undefined): value is string {
  return typeof value === "string";
}
