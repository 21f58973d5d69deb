/** `consul-snapshot status`: one verdict for monitoring, from the stored archives alone. */

import type { Decryption } from "../../provider/age/identities";
import { isManifestOf } from "../../provider/catalog/archiveFacts";
import { listPlace } from "../../provider/catalog/list";
import { hasSafetySnapshot } from "../../provider/catalog/newest";
import { judgeStatus, type StatusVerdict, summarizeSeries } from "../../provider/catalog/status";
import { readStoredArchive } from "../../provider/catalog/storedArchive";
import { compact } from "../../provider/compact";
import { parseDuration } from "../../provider/duration";
import { isInvalidArchive, SnapshotError } from "../../provider/errors";
import { pruneCommand } from "../../provider/retention/pruneCommand";
import { recordWithout } from "../../provider/retention/unrecorded";
import { formatLocation } from "../../provider/store/location";
import { fixedFolder } from "../../provider/store/nameTemplate";
import { adoptHint, toAdopt, type Unadopted } from "../source/adoptHint";
import type { CommandIo } from "../description/command";
import { type Place, withPlace } from "../../provider/catalog/place";
import { missingFolderOf } from "../source/missingFolder";
import { decryptionOf } from "../source/readArchive";
import { interruptibleOn } from "../terminal/interruption";
import { jsonText } from "../terminal/json";
import { type Progress, verifyingOn } from "../terminal/progress";
import { type CleanLines, composed, joined } from "../../provider/text";
import { shown } from "../terminal/rows";
import { judgingTime } from "./judgingTime";

export interface StatusOptions {
  readonly maxAge: string;
  readonly series?: string;
  readonly verify?: boolean;
  readonly identity?: readonly string[];
  readonly format?: string;
}

/** A verdict, and the location of its archive. */
interface Judged extends StatusVerdict {
  readonly location?: string;
  /** With `--verify`: whether the archive was read and is valid. */
  readonly verified?: boolean;
  /** An archive without a manifest that can be read, where the newest with one is too old or there is none. */
  readonly unadopted?: Unadopted;
  /** The command that has the rules count the archive, which no run has recorded. */
  readonly prune?: string;
}

/**
 * @returns the exit code
 * @throws SnapshotError `ARGUMENT_INVALID`, `TARGET_INVALID`, `STORE_*`, `DECRYPTION_FAILED`
 */
export async function status(target: string, options: StatusOptions, { output, errors }: CommandIo): Promise<number> {
  const maxAgeMs = parseDuration(options.maxAge);
  if (maxAgeMs <= 0) {
    throw new SnapshotError("ARGUMENT_INVALID", "--max-age must be greater than zero", "Use --max-age 26h.");
  }
  const decryption = options.verify === true ? await decryptionOf(options.identity) : undefined;
  const verdicts = await interruptibleOn(errors, "nothing is known", (progress) =>
    withPlace(target, progress.signal, (place) => judgeAll(place, options, decryption, maxAgeMs, progress)),
  );
  const ok = verdicts.every((verdict) => verdict.ok);
  // What is wrong comes first: monitoring shows the first line.
  verdicts.sort((a, b) => Number(a.ok) - Number(b.ok));
  if (options.format === "json")
    output.write(jsonText({ ok, maxAgeSeconds: maxAgeMs / 1000, series: verdicts.map(verdictJson) }));
  else for (const verdict of verdicts) output.write(composed`${describe(verdict)}\n`);
  return ok ? 0 : 1;
}

async function judgeAll(
  place: Place,
  { series }: StatusOptions,
  decryption: Decryption | undefined,
  maxAgeMs: number,
  progress: Progress,
): Promise<Judged[]> {
  const missing = await missingFolderOf(place);
  if (missing !== undefined) {
    const sentence = `there is no archive: the folder ${missing} does not exist`;
    return [compact({ ok: false, reason: "none", sentence, series, gaps: [] })];
  }
  const now = await judgingTime(place.store, `${place.prefix}status`, progress);
  const summaries = await summarizeSeries(listPlace(place.store, place.prefix, progress.signal), now);
  const names = series === undefined ? [...summaries.keys()].sort() : [series];
  const judged: Judged[] = [];
  for (const name of names.length === 0 ? [undefined] : names) {
    const verdict = judgeStatus(name === undefined ? undefined : summaries.get(name), maxAgeMs, now);
    const none = verdict.reason === "none" ? await explainNone(place, name, progress.signal) : undefined;
    judged.push(
      await examine(
        compact({ ...verdict, sentence: none ?? verdict.sentence, series: name }),
        place,
        decryption,
        progress,
      ),
    );
  }
  if (judged.every(({ ok }) => ok)) return judged;
  const unadopted = await findUnadopted(place, progress.signal);
  return judged.map((each) => (each.ok ? each : compact({ ...each, unadopted })));
}

/** What to say instead of that there is no archive, if there are some that do not count. */
async function explainNone(
  { store, prefix }: Place,
  series: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!(await hasSafetySnapshot(listPlace(store, prefix, signal), series))) return undefined;
  return "there are only safety snapshots of restores, which do not count";
}

/** One of the archives that are not judged, because they have no manifest that can be read. */
async function findUnadopted({ store, location, prefix }: Place, signal: AbortSignal): Promise<Unadopted | undefined> {
  let found: Unadopted | undefined;
  for await (const listed of listPlace(store, prefix, signal, true)) {
    if (listed.kind === "noManifest") found = toAdopt(found, listed, formatLocation(location, listed.key));
    if (found?.unreadableManifest === false) break;
  }
  return found;
}

/** @param decryption - where the archive is to be read as well */
async function examine(
  verdict: StatusVerdict,
  { store, location: place }: Place,
  decryption: Decryption | undefined,
  progress: Progress,
): Promise<Judged> {
  const { newest } = verdict;
  if (newest === undefined) return verdict;
  const location = formatLocation(place, newest.key);
  const record = verdict.ok ? await recordWithout(store, newest, progress.signal) : undefined;
  if (record !== undefined) {
    const sentence = "no run has recorded the newest restorable archive, so somebody may have added it";
    const { rules } = record.ledger;
    // Which placeholders lie between the record and the archive is not known.
    const isBeside = record.folder === fixedFolder(newest.key);
    const prune =
      rules === undefined || !isBeside
        ? undefined
        : pruneCommand(formatLocation(place, record.folder), newest.manifest.series, rules);
    return compact({ ...verdict, location, ok: false, reason: "notRecorded" as const, sentence, prune });
  }
  if (decryption === undefined) return { ...verdict, location };
  const wrong = (why: string): Judged => ({
    ...verdict,
    location,
    ok: false,
    reason: "notRestorable",
    sentence: `the newest archive is not restorable: ${why}`,
    verified: false,
  });
  try {
    const { report } = await readStoredArchive(store, newest.archive, {
      decryption,
      signal: progress.signal,
      received: verifyingOn(progress, newest.archive.size),
    });
    if (isManifestOf(newest.manifest, report, newest.archive.size)) return { ...verdict, location, verified: true };
    return wrong("it is not the archive that its manifest describes");
  } catch (error) {
    if (isInvalidArchive(error)) return wrong(error.message);
    throw error;
  }
}

function describe({ ok, series, sentence, location, verified, gaps, unadopted, prune }: Judged): CleanLines {
  return joined(
    [
      ok ? composed`OK: ` : composed`NOT OK: `,
      ...(series === undefined ? [] : [composed`${shown(series)}: `]),
      shown(sentence),
      ...(verified === true ? [composed`, and was read to its last byte`] : []),
      ...(location === undefined ? [] : [composed`\n  ${shown(location)}`]),
      ...gaps.map(({ from, to }) => composed`\n  no archive from ${shown(from)} to ${shown(to)}`),
      ...(prune === undefined
        ? []
        : [
            composed`\n  If it is yours, look at what prune lists, and run it without --dry-run: ${shown(prune)} --dry-run`,
          ]),
      ...(unadopted === undefined ? [] : [composed`\n  ${describeUnadopted(unadopted)}`]),
    ],
    "",
  );
}

function describeUnadopted(unadopted: Unadopted): CleanLines {
  const reason = unadopted.unreadableManifest
    ? composed`has a manifest that cannot be read`
    : composed`has no manifest`;
  return composed`${shown(unadopted.location)} ${reason}, so it does not count. ${adoptHint(unadopted)}`;
}

function verdictJson(judged: Judged): object {
  const { ok, reason, sentence, series, newest, ageMs, gaps, location, verified, unadopted } = judged;
  return compact({
    series: series ?? null,
    ok,
    reason,
    sentence,
    location: location ?? null,
    takenAt: newest?.manifest.takenAt ?? null,
    ageSeconds: ageMs === undefined ? null : Math.floor(ageMs / 1000),
    index: newest?.manifest.index ?? null,
    verified,
    gaps,
    unadopted: unadopted?.location,
  });
}
