/**
 * ConsulSnapshot's lifecycle: a snapshot is taken once and never changes afterwards. The code that takes it (the HTTP client,
 * the archive reader) is loaded only when it is needed.
 */

import { compact } from "../../compact";
import { ownerOf, sourcesOf } from "../commonArgs";
import { resolveConnection } from "../../consul/connection";
import { SnapshotError } from "../../errors";
import type { Change, Context, Created, Found, Lifecycle, Problem, Value, Values } from "../../lifecycle";
import { recordedArgs, unknownOutputs, withArgs } from "../recordedArgs";
import { seriesOf } from "../../catalog/series";
import { hintAtOverwriting } from "../../store/takenName";
import { parseLocation } from "../../store/location";
import { readRecipients, recipientProblems } from "../../args/encryption";
import { ManifestCache } from "../../retention/manifestCache";
import { SaveConcurrency } from "../../save/concurrency";
import type { SavedArchive } from "../../save/save";
import { SNAPSHOT_OUTPUTS } from "../../args/tables/outputs";
import { SNAPSHOT } from "../../args/tables/snapshot";
import { SNAPSHOT_VOCABULARY } from "../../args/vocabulary";
import { checkArgs, OVERWRITE, readArgs } from "./args";
import { lookUpArchive } from "./existingArchive";
import { diff as diffArgs } from "./diff";
import { previousArchiveNotice } from "./previousArchive";
import { checkLimits, readLimits } from "./concurrencyLimits";
import { reportFormerSeries, seriesIn } from "./formerSeries";
import { anotherCluster, isOfAnotherCluster } from "./anotherCluster";
import { MAX_PREFIXES, savedOutputs } from "./outputs";
import { Replacements } from "./replacements";
import { RunNotes } from "./runNotes";
import { compareWithStore, removeArchive, reportRetainedArchive } from "./archiveInStore";
import { cleanMessage, remark } from "../../text";

/** All resources of a run share one process, and so these limits. */
const concurrency = new SaveConcurrency();

/** Shared by all resources of a run, too. */
const replacements = new Replacements();

let notes: RunNotes | undefined;

/** Shared as well: the credentials of a process come from its environment and from the settings of targets. */
const cache = new ManifestCache();

export const snapshotLifecycle: Lifecycle = {
  check,
  diff,
  preview,
  create,
  read,
  isReadBeforeUpdate,
  update,
  delete: remove,
};

async function check(inputs: Values, context: Context): Promise<readonly Problem[]> {
  replacements.check(keyOf(context));
  const problems = [
    ...checkArgs(inputs, sourcesOf(context, SNAPSHOT_VOCABULARY)),
    ...checkLimits((key) => context.config(key)),
  ];
  return problems.length > 0 ? problems : recipientProblems(readRecipients(inputs.encryption));
}

function diff(id: string, recorded: Values, inputs: Values, context: Context): readonly Change[] {
  const isPlanned = replacements.compare(keyOf(context), id, recorded, inputs);
  const series = { before: seriesIn(recorded), now: seriesIn(inputs) };
  const changes = diffArgs(recorded, argsOf(inputs, context), new Date(), series);
  if (changes.length > 0) share(context);
  // A refresh also calls `diff`, but takes no snapshot and stores no arguments.
  if (isPlanned) announce(id, recorded, inputs, changes, context);
  return changes;
}

/** Reports why a new snapshot will be taken, and what happens to the current archive. */
function announce(id: string, recorded: Values, inputs: Values, changes: readonly Change[], context: Context): void {
  const replacing = changes.filter(({ replaces }) => replaces);
  if (replacing.length === 0) {
    for (const { reason } of changes) context.info(cleanMessage(reason));
    return;
  }
  const notice = previousArchiveNotice(id, recorded, inputs);
  if (notice !== undefined) context.info(cleanMessage(notice));
  // The resource's row shows the last line.
  for (const { reason } of replacing) context.info(remark`a new snapshot will be taken: ${reason}`);
}

function preview(inputs: Values, context: Context, recorded?: Values): Values {
  const args = argsOf(inputs, context);
  return recorded === undefined ? { ...unknownOutputs(SNAPSHOT_OUTPUTS), ...args } : withArgs(SNAPSHOT, recorded, args);
}

async function create(inputs: Values, context: Context): Promise<Created> {
  const saved = await saveSnapshot(inputs, context).catch((error: unknown) => {
    replacements.fail();
    share(context);
    throw hintAtOverwriting(error, OVERWRITE);
  });
  const outputs = { ...argsOf(inputs, context), ...savedOutputs(saved) };
  const key = keyOf(context);
  const replaced = replacements.save(key);
  if (saved.manifest.restorable?.ok === false) replacements.hold(key, "the new snapshot cannot be restored");
  if (replaced !== undefined) {
    if (isOfAnotherCluster(replaced, outputs)) {
      const warning = anotherCluster(replaced, outputs);
      if (warning !== undefined) context.warn(cleanMessage(warning));
      replacements.hold(key, "the new snapshot is of another cluster");
    }
    await reportFormerSeries(replaced, inputs, context);
  }
  share(context);
  return { id: saved.manifest.location, outputs };
}

/** Unreadable arguments also count as a failed snapshot. */
async function saveSnapshot(inputs: Values, context: Context): Promise<SavedArchive> {
  const args = readArgs(inputs);
  const connection = resolveConnection(args.connection, sourcesOf(context, SNAPSHOT_VOCABULARY));
  const { save } = await import("../../save/save.js");
  return concurrency.run(
    connection.url,
    readLimits((key) => context.config(key)),
    context.signal,
    (event) => context.status(event),
    (turn) =>
      save(
        compact({
          connection,
          onPace: turn.setPace,
          consistency: args.consistency,
          maxStalenessMs: args.maxStalenessMs,
          target: parseLocation(args.target),
          overwrite: args.overwrite,
          retention: args.retention,
          cache,
          recipients: args.recipients,
          ...(args.inspect === undefined ? {} : { kv: { ...args.inspect, maxPrefixes: MAX_PREFIXES } }),
          purpose: "backup",
          owner: ownerOf(context, "snapshot", inputs.series),
        }),
        context,
      ),
  );
}

async function read(id: string, recorded: Values, context: Context): Promise<Found | undefined> {
  if (typeof recorded.sha256 !== "string") return adopt(id, recorded.decryption, context);
  try {
    const found = await compareWithStore(id, recorded, context.signal);
    if (found.state === "absent") {
      context.info(remark`the archive ${id} is gone: the next update takes a new snapshot`);
      return undefined;
    }
    if (found.state === "same" && recorded.encrypted === true && recorded.verifyOnRefresh === true) {
      context.info(remark`the archive ${id} is the one that was saved, byte for byte; decrypting it was not tried`);
    }
    if (found.state === "changed") context.warn(remark`the archive ${id} has changed since it was saved`);
    return {
      id,
      outputs:
        found.state === "changed"
          ? { ...recorded, archiveChanged: true }
          : {
              ...recorded,
              storedVersion: found.version,
              ...(recorded.archiveChanged === true ? { archiveChanged: false } : {}),
            },
    };
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    context.warn(remark`the archive ${id} cannot be seen from here, so nothing is known of it: ${error.message}`);
    return { id, outputs: recorded };
  }
}

/** Looks up an archive that is not in state, with the arguments of a resource that continues its series. */
async function adopt(id: string, decryption: Value | undefined, context: Context): Promise<Found> {
  const { series, location, outputs } = await lookUpArchive(id, decryption, context);
  const isOwn = series === undefined || series === seriesOf(ownerOf(context, "snapshot"));
  const inputs: Values = { target: placeOf(id), ...(isOwn ? {} : { series }) };
  return { id: location, inputs, outputs: { ...argsOf(inputs, context), ...outputs } };
}

/** The target that contains this archive: its location without the last name. */
function placeOf(location: string): string {
  const [, folder = "./", settings = ""] = /^([^?]*\/)?[^/?]*(\?.*)?$/s.exec(location) ?? [];
  return folder + settings;
}

/** Reading takes one HEAD request, but with `verifyOnRefresh` it reads the whole archive. */
function isReadBeforeUpdate({ verifyOnRefresh }: Values): boolean {
  return verifyOnRefresh !== true;
}

async function update(id: string, recorded: Values, inputs: Values, context: Context): Promise<Values> {
  if (readRecipients(inputs.encryption) !== undefined && recorded.encrypted === false) {
    context.warn(remark`${id} was saved without encryption and stays so: a new trigger takes an encrypted snapshot`);
  }
  await reportFormerSeries(recorded, inputs, context);
  return withArgs(SNAPSHOT, recorded, argsOf(inputs, context));
}

async function remove(id: string, recorded: Values, context: Context): Promise<void> {
  if (recorded.deletionPolicy !== "delete") {
    await reportRetainedArchive(id, recorded, context);
    return;
  }
  const reason = replacements.reasonToStay(keyOf(context), id) ?? notesOf(context)?.reasonToStay(id);
  if (reason !== undefined) {
    context.warn(remark`the archive stays, because ${reason}: ${id}; delete it yourself once there is a new one`);
    return;
  }
  await removeArchive(id, recorded, context);
}

/** Tells the other processes of the run which archives must stay. */
function share(context: Context): void {
  notesOf(context)?.write(replacements.notes());
}

function notesOf({ run }: Context): RunNotes | undefined {
  if (run !== undefined) notes ??= new RunNotes(run);
  return notes;
}

/** Identifies the resource within this process. */
function keyOf(context: Context): string {
  return context.urn ?? seriesOf(ownerOf(context, "snapshot"));
}

/** The arguments as state stores them. */
function argsOf(inputs: Values, context: Context): Values {
  return recordedArgs(SNAPSHOT, inputs, sourcesOf(context, SNAPSHOT_VOCABULARY));
}
