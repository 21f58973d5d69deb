/**
 * ConsulSnapshot's life: a snapshot is taken once, and never changes afterwards. What it needs to take one (the HTTP
 * client, the archive reader) loads only when it does.
 */

import { identityOf, sourcesOf } from "../commonArgs";
import { resolveConnection } from "../consul/connection";
import { SnapshotError } from "../errors";
import type { Change, Checked, Context, Created, Lifecycle, Values } from "../lifecycle";
import { recordedArgs, withArgs } from "../recorded";
import { parseLocation } from "../store/location";
import { readRecipients, recipientProblems } from "../transfer/encryptionArgs";
import { SaveTurns } from "../transfer/turns";
import { checkArgs, readArgs } from "./args";
import { adopt } from "./adopt";
import { diff as diffArgs } from "./diff";
import { fateOf } from "./fate";
import { checkLimits, readLimits } from "./limits";
import { RECORDED_ARGS, savedOutputs } from "./outputs";
import { compareWithStore, removeArchive, sayWhatStays } from "./stored";

const MAX_PREFIXES = 500;

/** All resources of a run share one process, and so these turns. */
const turns = new SaveTurns();

export const snapshotLifecycle: Lifecycle = { check, diff, create, read, update, delete: remove };

async function check(inputs: Values, context: Context): Promise<Checked> {
  const problems = [...checkArgs(inputs, sourcesOf(context)), ...checkLimits((key) => context.config(key))];
  return {
    inputs,
    problems: problems.length > 0 ? problems : await recipientProblems(readRecipients(inputs.encryption)),
  };
}

function diff(id: string, recorded: Values, inputs: Values, context: Context): readonly Change[] {
  const changes = diffArgs(recorded, argsOf(inputs, context), new Date());
  announce(id, recorded, inputs, changes, context);
  return changes;
}

/** Why there is a new snapshot, and what becomes of the one that there is. */
function announce(id: string, recorded: Values, inputs: Values, changes: readonly Change[], context: Context): void {
  const replacing = changes.filter(({ replaces }) => replaces);
  if (replacing.length === 0) {
    for (const { reason } of changes) context.info(reason);
    return;
  }
  const fate = fateOf(id, recorded, inputs);
  if (fate !== undefined) context.info(fate);
  // The last line is the one that stands on the resource's row.
  for (const { reason } of replacing) context.info(`a new snapshot will be taken: ${reason}`);
}

async function create(inputs: Values, context: Context): Promise<Created> {
  const args = readArgs(inputs);
  const connection = resolveConnection(args.connection, sourcesOf(context));
  const { save } = await import("../transfer/save.js");
  const saved = await turns.inTurn(
    connection.url,
    readLimits((key) => context.config(key)),
    context.signal,
    (message) => context.status(message),
    () =>
      save(
        {
          connection,
          consistency: args.consistency,
          ...(args.maxStalenessMs === undefined ? {} : { maxStalenessMs: args.maxStalenessMs }),
          target: parseLocation(args.target),
          overwrite: args.overwrite,
          retention: args.retention,
          ...(args.recipients === undefined ? {} : { recipients: args.recipients }),
          // State holds what is counted here: some hundred prefixes are of use to a reader, and no more.
          ...(args.inspect === undefined ? {} : { kv: { ...args.inspect, maxPrefixes: MAX_PREFIXES } }),
          purpose: "backup",
          ...identityOf(context, "snapshot"),
        },
        context,
      ),
  );
  return {
    id: saved.manifest.location,
    outputs: { ...argsOf(inputs, context), ...savedOutputs(saved) },
  };
}

async function read(id: string, recorded: Values, context: Context): Promise<Created | undefined> {
  if (typeof recorded.sha256 !== "string") return { id, outputs: await adopt(id, recorded.decryption, context) };
  try {
    const found = await compareWithStore(id, recorded, context.signal);
    if (found.state === "absent") {
      context.info(`the archive ${id} is gone: the next update takes a new snapshot`);
      return undefined;
    }
    if (found.state === "same" && recorded.encrypted === true && recorded.verifyOnRefresh === true) {
      context.info(`the archive ${id} is the one that was saved, byte for byte; decrypting it was not tried`);
    }
    if (found.state === "changed") context.warn(`the archive ${id} has changed since it was saved`);
    return {
      id,
      outputs:
        found.state === "changed"
          ? { ...recorded, archiveChanged: true }
          : { ...recorded, storedVersion: found.version, archiveChanged: false },
    };
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    context.warn(`the archive ${id} cannot be seen from here, so nothing is known of it: ${error.message}`);
    return { id, outputs: recorded };
  }
}

function update(id: string, recorded: Values, inputs: Values, context: Context): Promise<Values> {
  if (readRecipients(inputs.encryption) !== undefined && recorded.encrypted === false) {
    context.warn(`${id} was saved before encryption was asked for, and stays as it is: a new trigger takes another`);
  }
  return Promise.resolve(withArgs(RECORDED_ARGS, recorded, argsOf(inputs, context)));
}

async function remove(id: string, recorded: Values, context: Context): Promise<void> {
  if (recorded.deletionPolicy !== "delete") {
    await sayWhatStays(id, recorded, context);
    return;
  }
  await removeArchive(id, recorded, context);
}

/** As state keeps them. */
function argsOf(inputs: Values, context: Context): Values {
  return recordedArgs(RECORDED_ARGS, inputs, sourcesOf(context));
}
