/** Restores for tests, without a host: what was said is kept, and everything is as a user would find it. */

import { type ConnectionArgs, resolveConnection } from "../../provider/consul/connection";
import { SnapshotError } from "../../provider/errors";
import { parseLocation } from "../../provider/store/location";
import { NO_DECRYPTION } from "../../provider/transfer/opening";
import {
  type Attempt,
  type Patience,
  plan,
  readBack,
  restore,
  type Restored,
  type RestoreRequest,
  Unsettled,
} from "../../provider/transfer/load/load";
import type { Said } from "./saving";

export interface RestoreWishes {
  /** What is not as in an ordinary restore, which allows nothing and never expires. */
  readonly request?: Partial<RestoreRequest>;
  /** Where the safety snapshot goes. Default: there is none. */
  readonly safety?: string;
  readonly signal?: AbortSignal;
  readonly patience?: Patience;
  /** Told of each line of progress, when it is said. */
  readonly heard?: (message: string) => void;
}

let runs = 0;

function requestOf(source: string, connection: ConnectionArgs, { safety, request }: RestoreWishes): RestoreRequest {
  return {
    runId: `run ${++runs}`,
    decryption: NO_DECRYPTION,
    allow: [],
    organization: "organization",
    project: "tests",
    stack: "dev",
    name: "restore",
    source: parseLocation(source),
    safetySnapshot: safety === undefined ? false : { target: parseLocation(safety) },
    connection: resolveConnection(connection, { config: () => undefined, env: {} }),
    ...request,
  };
}

function reporterOf({ signal, heard }: RestoreWishes, said: Said) {
  return {
    signal: signal ?? new AbortController().signal,
    status: (message: string) => {
      said.status.push(message);
      heard?.(message);
    },
    info: (message: string) => said.info.push(message),
    warn: (message: string) => said.warn.push(message),
  };
}

export interface Ended {
  readonly restored?: Restored;
  /** Of a restore that failed; `attempt` where it had begun. */
  readonly error?: SnapshotError;
  readonly attempt?: Attempt;
  readonly said: Said;
}

/** Restores, and gives what came of it, failures too. */
export async function restoreFrom(source: string, to: ConnectionArgs, wishes: RestoreWishes = {}): Promise<Ended> {
  return ended((said) => restore(requestOf(source, to, wishes), reporterOf(wishes, said), wishes.patience));
}

/** What a later run does about an attempt. */
export async function readBackFrom(attempt: Attempt, to: ConnectionArgs, wishes: RestoreWishes = {}): Promise<Ended> {
  const request = requestOf(attempt.source, to, { ...wishes, request: { ...wishes.request, runId: attempt.runId } });
  return ended((said) => readBack(attempt, request, reporterOf(wishes, said), wishes.patience));
}

export async function planFrom(source: string, to: ConnectionArgs, wishes: RestoreWishes = {}) {
  return plan(requestOf(source, to, wishes), reporterOf(wishes, { status: [], info: [], warn: [] }));
}

async function ended(work: (said: Said) => Promise<Restored>): Promise<Ended> {
  const said: Said = { status: [], info: [], warn: [] };
  try {
    return { restored: await work(said), said };
  } catch (error) {
    if (error instanceof Unsettled && error.cause instanceof SnapshotError) {
      return { error: error.cause, attempt: error.attempt, said };
    }
    if (error instanceof SnapshotError) return { error, said };
    throw error;
  }
}
