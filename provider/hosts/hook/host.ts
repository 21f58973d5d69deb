/** The host for resource hooks: a save in the program's own process, before another resource is updated. */

import { explain, SnapshotError } from "../../errors";
import type { Context, Value, Values } from "../../lifecycle";
import type { Owner } from "../../owner";
import { nameProgramByNpx } from "../../program";
import { reportPossibleFormerSeries } from "../../resources/snapshot/formerSeries";
import { snapshotLifecycle } from "../../resources/snapshot/lifecycle";
import { type CleanLines, registerEnvironment, remark } from "../../text";
import { type EngineChannel, runWhileConnected } from "./shutdown";

export interface HookRequest {
  readonly owner: Owner;
  /** The operation on the guarded resource that waits for the snapshot. */
  readonly event: "create" | "update" | "delete";
  /** The arguments from the program, all known. */
  readonly args: Readonly<Record<string, unknown>>;
  /** The stack's configuration by full keys, with secrets in plain text. */
  readonly config: Readonly<Record<string, string>>;
  /** Absent if there is no engine. */
  readonly engine?: EngineChannel;
  info(message: CleanLines): void;
  warn(message: CleanLines): void;
}

/**
 * Takes a snapshot.
 *
 * @throws Error with the text for the user: one message, its code and its hint. The engine shows no stack trace of it.
 */
export function saveBefore(request: HookRequest): Promise<void> {
  return runWhileConnected(request.engine, (signal) => save(request, signal));
}

async function save(request: HookRequest, signal: AbortSignal): Promise<void> {
  registerEnvironment(process.env);
  nameProgramByNpx();
  const inputs = plain(request.args) as Values;
  const context: Context = {
    signal,
    owner: request.owner,
    config: (key) => request.config[key],
    // A hook has no row of its own for live progress.
    status: () => undefined,
    info: (message) => request.info(message),
    warn: (message) => request.warn(message),
  };
  try {
    const problems = await snapshotLifecycle.check(inputs, context);
    if (problems.length > 0) {
      const reasons = problems.map(({ reason }) => reason).join("; ");
      throw new SnapshotError("ARGUMENT_INVALID", reasons, "Correct the arguments of snapshotBefore.");
    }
    const { id, outputs } = await snapshotLifecycle.create(inputs, context);
    request.info(remark`saved and verified before the ${request.event}: ${id}`);
    await reportPossibleFormerSeries(inputs, outputs, context);
  } catch (error) {
    throw new Error(`${request.owner.name}: no backup, so no ${request.event}: ${explain(error)}`, { cause: error });
  }
}

/** Drops undefined values: a program may write them, but a `Value` must not be undefined. */
function plain(value: unknown): Value {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value as Value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, plain(inner)]));
}
