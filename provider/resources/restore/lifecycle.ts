/**
 * ConsulSnapshotRestore's lifecycle: a run restores once, when it is created, and never again. Until its result is known,
 * updates read it back. The code that restores (the HTTP client, the archive reader) loads only when it is used.
 */

import { ownerOf, sourcesOf } from "../commonArgs";
import { resolveConnection } from "../../consul/connection";
import { isCode, SnapshotError } from "../../errors";
import {
  type Change,
  type Context,
  type Created,
  Incomplete,
  type Lifecycle,
  type Problem,
  type Values,
} from "../../lifecycle";
import { recordedArgs, unknownOutputs, withArgs } from "../recordedArgs";
import { type Restored, type RestoreRequest, Unidentified, Unsettled } from "../../restore/request";
import { restorePreview } from "./preview";
import { holdsUnknown } from "../../values";
import { RESTORE_OUTPUTS } from "../../args/tables/outputs";
import { RESTORE } from "../../args/tables/restore";
import { RESTORE_VOCABULARY } from "../../args/vocabulary";
import { checkArgs, checkKeys, readArgs } from "./args";
import { beginsRun, diff as diffArgs } from "./diff";
import { attemptIn, attemptOutputs, restoredOutputs } from "./outputs";
import { cleanMessage, remark } from "../../text";

/** Maximum time that a preview spends on examining the source. */
const LOOK_MS = 3000;

export const restoreLifecycle: Lifecycle = {
  check,
  diff,
  preview,
  create,
  read,
  isReadBeforeUpdate,
  update,
  delete: remove,
};

async function check(inputs: Values, context: Context, before?: Values): Promise<readonly Problem[]> {
  const form = checkArgs(inputs, sourcesOf(context, RESTORE_VOCABULARY), before);
  const problems = form.length > 0 ? form : await checkKeys(inputs);
  if (problems.length === 0 && before === undefined) {
    const sources = sourcesOf(context, RESTORE_VOCABULARY);
    const problem = await problemOfSource(inputs, context);
    context.info(cleanMessage(restorePreview(inputs, sources, new Date(), problem)));
  }
  return problems;
}

async function problemOfSource(inputs: Values, context: Context): Promise<string | undefined> {
  if (typeof inputs.source !== "string" || holdsUnknown(inputs.decryption)) return undefined;
  const { sourceProblem } = await import("./sourcePreview.js");
  const { source, decryption } = readArgs(inputs);
  return sourceProblem(source, decryption, AbortSignal.any([context.signal, AbortSignal.timeout(LOOK_MS)]));
}

/** Only a replacement restores; for every other change, a warning says so. */
async function diff(_id: string, recorded: Values, inputs: Values, context: Context): Promise<readonly Change[]> {
  const args = argsOf(inputs, context);
  const problem = beginsRun(recorded, args) ? await problemOfSource(inputs, context) : undefined;
  const changes = diffArgs(recorded, args, new Date(), problem);
  for (const { path, reason } of changes) {
    if (path === "runId") context.info(cleanMessage(reason));
    else context.warn(cleanMessage(reason));
  }
  return changes;
}

function preview(inputs: Values, context: Context, recorded?: Values): Values {
  const args = argsOf(inputs, context);
  if (recorded !== undefined && attemptIn(recorded) === undefined) return withArgs(RESTORE, recorded, args);
  return { ...unknownOutputs(RESTORE_OUTPUTS), ...args };
}

function create(inputs: Values, context: Context): Promise<Created> {
  return recording(inputs, context, async (request) => {
    const { restore } = await import("../../restore/execute.js");
    return restore(request, context);
  });
}

/** There is nothing to refresh: a restore is an event. If only the option `id` specifies one, state knows nothing about it. */
function read(id: string, recorded: Values): Promise<Created> {
  if (recorded.schemaVersion !== undefined) return Promise.resolve({ id, outputs: recorded });
  throw new SnapshotError(
    "ARGUMENT_INVALID",
    "a restore cannot be looked up by its id",
    "Leave out the option id: a ConsulSnapshotRestore whose runId was restored already finds its receipt by itself.",
  );
}

function isReadBeforeUpdate(): boolean {
  return false;
}

async function update(_id: string, recorded: Values, inputs: Values, context: Context): Promise<Values> {
  const attempt = attemptIn(recorded);
  if (attempt === undefined) return withArgs(RESTORE, recorded, argsOf(inputs, context));
  const { outputs } = await recording(inputs, context, async (request) => {
    const { readBackAttempt } = await import("../../restore/execute.js");
    return readBackAttempt(attempt, request, context);
  });
  return outputs;
}

function remove(_id: string, { runId }: Values, context: Context): Promise<void> {
  context.info(
    remark`Consul is not touched: what run ${JSON.stringify(runId)} restored, its receipt and safety snapshot stay`,
  );
  return Promise.resolve();
}

/** Stores the result in state, even if it is only that the restore has begun. */
async function recording(
  inputs: Values,
  context: Context,
  work: (request: RestoreRequest) => Promise<Restored>,
): Promise<Created> {
  const args = readArgs(inputs);
  const request = {
    ...args,
    connection: resolveConnection(args.connection, sourcesOf(context, RESTORE_VOCABULARY)),
    owner: ownerOf(context, "restore"),
  };
  const recorded = argsOf(inputs, context);
  try {
    const restored = await work(request);
    context.status({ phase: "restored", outcome: restored.outcome, adopted: restored.adopted });
    return { id: args.runId, outputs: { ...recorded, ...restoredOutputs(restored) } };
  } catch (error) {
    if (!(error instanceof Unsettled)) throw error;
    // State needs no attempt: the next run finds the receipt if the restore was on this cluster.
    if (error instanceof Unidentified) throw error.cause;
    throw new Incomplete(advised(error.cause), {
      id: args.runId,
      outputs: { ...recorded, ...attemptOutputs(error.attempt) },
    });
  }
}

/** The arguments as state stores them. */
function argsOf(inputs: Values, context: Context): Values {
  return recordedArgs(RESTORE, inputs, sourcesOf(context, RESTORE_VOCABULARY));
}

/** Adjusts the hint: state contains the attempt, so the next run reads it back with or without a receipt. */
function advised(cause: Error): Error {
  if (!(cause instanceof SnapshotError) || isCode(cause, "RESTORE_WRONG")) return cause;
  const hint = `${cause.hint} Run pulumi up again: with this runId it reads back, and restores nothing.`.trim();
  return new SnapshotError(cause.code, cause.message, hint, cause);
}
