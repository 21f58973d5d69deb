/**
 * ConsulSnapshotRestore's life: a run restores once, when it is created, and never again. Until it is known how that
 * ended, updates find it out. What it takes to restore (the HTTP client, the archive reader) loads only when it does.
 */

import { identityOf, sourcesOf } from "../commonArgs";
import { resolveConnection } from "../consul/connection";
import { SnapshotError } from "../errors";
import {
  type Change,
  type Checked,
  type Context,
  type Created,
  Incomplete,
  type Lifecycle,
  type Values,
} from "../lifecycle";
import { recordedArgs, withArgs } from "../recorded";
import { identityProblems, readDecryption } from "../transfer/decryptionArgs";
import { readRecipients, recipientProblems } from "../transfer/encryptionArgs";
import { type Restored, type RestoreRequest, Unidentified, Unsettled } from "../transfer/load/request";
import { announcement } from "./announcement";
import { checkArgs, readArgs } from "./args";
import { diff as diffArgs } from "./diff";
import { attemptIn, attemptOutputs, RECORDED_ARGS, restoredOutputs } from "./outputs";

export const restoreLifecycle: Lifecycle = { check, diff, create, read, update, delete: remove };

async function check(inputs: Values, context: Context, before?: Values): Promise<Checked> {
  const form = checkArgs(inputs, sourcesOf(context));
  const problems = form.length > 0 ? form : await keyProblems(inputs);
  if (problems.length === 0 && before === undefined) {
    context.info(announcement(inputs, sourcesOf(context), new Date()));
  }
  return { inputs, problems };
}

async function keyProblems({ safetySnapshot, decryption }: Values): Promise<{ reason: string }[]> {
  const { encryption } = safetySnapshot as { readonly encryption?: unknown };
  return [
    ...(await recipientProblems(readRecipients(encryption))),
    ...(await identityProblems(readDecryption(decryption))),
  ];
}

/** Only what replaces restores; that other changes do not is said as loudly as can be. */
function diff(_id: string, recorded: Values, inputs: Values, context: Context): readonly Change[] {
  const changes = diffArgs(recorded, argsOf(inputs, context));
  for (const { path, reason } of changes) {
    if (path === "runId") context.info(reason);
    else context.warn(reason);
  }
  return changes;
}

function create(inputs: Values, context: Context): Promise<Created> {
  return recording(inputs, context, async (request) => {
    const { restore } = await import("../transfer/load/load.js");
    return restore(request, context);
  });
}

/** There is nothing to look at: a restore is an event. Of one that only the option `id` names, state knows nothing. */
function read(id: string, recorded: Values): Promise<Created> {
  if (recorded.schemaVersion !== undefined) return Promise.resolve({ id, outputs: recorded });
  throw new SnapshotError(
    "ARGUMENT_INVALID",
    "a restore cannot be looked up by its id",
    "Leave out the option id: a ConsulSnapshotRestore whose runId was restored already finds its receipt by itself.",
  );
}

async function update(_id: string, recorded: Values, inputs: Values, context: Context): Promise<Values> {
  const attempt = attemptIn(recorded);
  if (attempt === undefined) return withArgs(RECORDED_ARGS, recorded, argsOf(inputs, context));
  const { outputs } = await recording(inputs, context, async (request) => {
    const { readBack } = await import("../transfer/load/load.js");
    return readBack(attempt, request, context);
  });
  return outputs;
}

function remove(_id: string, { runId }: Values, context: Context): Promise<void> {
  context.info(
    `Consul is not touched: what run ${JSON.stringify(runId)} restored, its receipt and safety snapshot stay`,
  );
  return Promise.resolve();
}

/** What came of the work is recorded, also where that is only that it has begun. */
async function recording(
  inputs: Values,
  context: Context,
  work: (request: RestoreRequest) => Promise<Restored>,
): Promise<Created> {
  const args = readArgs(inputs);
  const request = {
    ...args,
    connection: resolveConnection(args.connection, sourcesOf(context)),
    ...identityOf(context, "restore"),
  };
  const recorded = argsOf(inputs, context);
  try {
    const restored = await work(request);
    context.status(`${restored.adopted ? "was restored before" : "restored"}, and read back: ${restored.outcome}`);
    return { id: args.runId, outputs: { ...recorded, ...restoredOutputs(restored) } };
  } catch (error) {
    if (!(error instanceof Unsettled)) throw error;
    // The receipt tells the next run of it, if it was here.
    if (error instanceof Unidentified) throw error.cause;
    throw new Incomplete(advised(error.cause), {
      id: args.runId,
      outputs: { ...recorded, ...attemptOutputs(error.attempt) },
    });
  }
}

/** As state keeps them. */
function argsOf(inputs: Values, context: Context): Values {
  return recordedArgs(RECORDED_ARGS, inputs, sourcesOf(context));
}

/** State keeps the attempt, with a receipt and without. */
function advised(cause: Error): Error {
  if (!(cause instanceof SnapshotError) || cause.code === "RESTORE_WRONG") return cause;
  const hint = `${cause.hint} Run pulumi up again: with this runId it reads back, and restores nothing.`.trim();
  return new SnapshotError(cause.code, cause.message, hint, cause);
}
