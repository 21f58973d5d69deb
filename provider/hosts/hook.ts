/** The host for resource hooks: a save in the program's own process, before another resource is updated. */

import { explain, SnapshotError } from "../errors";
import type { Context, Identity, Value, Values } from "../lifecycle";
import { snapshotLifecycle } from "../snapshot/lifecycle";
import { type EngineChannel, whileWanted } from "./hookGuard";

export interface HookRequest {
  readonly identity: Identity;
  /** As the program gave them, everything known. */
  readonly args: Readonly<Record<string, unknown>>;
  /** The stack's configuration by full keys, secrets plain. */
  readonly config: Readonly<Record<string, string>>;
  /** Left out where there is no engine to be connected to. */
  readonly engine?: EngineChannel;
  info(message: string): void;
  warn(message: string): void;
}

/**
 * Takes a snapshot.
 *
 * @throws Error with what a user is to read: one message, its code and its hint; the engine shows no stack of it
 */
export function saveBefore(request: HookRequest): Promise<void> {
  return whileWanted(request.engine, (signal) => save(request, signal));
}

async function save(request: HookRequest, signal: AbortSignal): Promise<void> {
  const inputs = plain(request.args) as Values;
  const context: Context = {
    signal,
    identity: request.identity,
    config: (key) => request.config[key],
    // A hook has no row of its own to show what is replaced at once.
    status: () => undefined,
    info: (message) => request.info(message),
    warn: (message) => request.warn(message),
  };
  try {
    const { problems } = await snapshotLifecycle.check(inputs, context);
    if (problems.length > 0) {
      const reasons = problems.map(({ reason }) => reason).join("; ");
      throw new SnapshotError("ARGUMENT_INVALID", reasons, "Correct the arguments of snapshotBefore.");
    }
    const { id } = await snapshotLifecycle.create(inputs, context);
    request.info(`saved and verified before the update: ${id}`);
  } catch (error) {
    throw new Error(`${request.identity.name}: no backup, so no update: ${explain(error)}`, { cause: error });
  }
}

/** Without what is undefined, which a program may write and no value may be. */
function plain(value: unknown): Value {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value as Value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, plain(inner)]));
}
