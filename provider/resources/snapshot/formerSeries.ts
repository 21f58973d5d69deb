/** Older archives of a resource or hook whose series changes because it, its stack or its project is renamed. */

import { seriesOf } from "../../catalog/series";
import { explain, isCode } from "../../errors";
import { type Context, isRecord, UNKNOWN, type Value, type Values } from "../../lifecycle";
import { isEmpty } from "../../retention/policy";
import { listSeries } from "../../retention/listing";
import { counted, isFirst, reportOtherSeries } from "../../retention/otherSeries";
import { withStore } from "../../store/backends";
import { parseLocation } from "../../store/location";
import type { Store } from "../../store/store";
import { readRetention } from "../../args/retention";
import { ownerOf } from "../commonArgs";
import { cleanLine, composed, remark } from "../../text";

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
  const hint = `${continuing(former)} to continue it`;
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
  const pruned = { kept: Number(outputs.kept), removed: Number(outputs.removed) };
  if (!isFirst(pruned) || typeof inputs.target !== "string") return;
  const series = seriesOf(ownerOf(context, "snapshot", inputs.series));
  const failed = `this is the first archive of the series ${series}; a former series could not be looked for`;
  await withTarget(inputs.target, failed, context, (store, template) =>
    reportOtherSeries({ store, template, series }, (other) => isRenamed(series, other.series), continuing, context),
  );
}

function continuing(series: string): string {
  return `set series: ${JSON.stringify(series)}`;
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
