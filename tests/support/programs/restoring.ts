/** Restores for tests, without a host: what was said is kept, and everything is as a user would find it. */

import { type ConnectionArgs, resolveConnection } from "../../../provider/consul/connection";
import { compact } from "../../../provider/compact";
import { SnapshotError } from "../../../provider/errors";
import { parseLocation } from "../../../provider/store/location";
import { NO_DECRYPTION } from "../../../provider/age/identities";
import type { Attempt } from "../../../provider/restore/attempt";
import { readBackAttempt, restore } from "../../../provider/restore/execute";
import { type Preparation, prepare } from "../../../provider/restore/prepare";
import type { Receipt } from "../../../provider/restore/receipt";
import { type Restored, type RestoreRequest, Unsettled } from "../../../provider/restore/request";
import { type SessionOptions, withSession } from "../../../provider/restore/session";
import type { WorkEvent } from "../../../provider/events";
import { describeEvent } from "../../../provider/progressWording";
import type { Said } from "./saving";

export interface RestoreWishes {
  /** What is not as in an ordinary restore, which allows nothing and never expires. */
  readonly request?: Partial<RestoreRequest>;
  /** Where the safety snapshot goes. Default: there is none. */
  readonly safety?: string;
  readonly signal?: AbortSignal;
  readonly limits?: SessionOptions["limits"];
  readonly giveUp?: AbortSignal;
  /** Called with each line of progress. */
  readonly heard?: (message: string) => void;
}

let runs = 0;

function requestOf(source: string, connection: ConnectionArgs, { safety, request }: RestoreWishes): RestoreRequest {
  return {
    runId: `run ${++runs}`,
    decryption: NO_DECRYPTION,
    allow: [],
    owner: { organization: "organization", project: "tests", stack: "dev", name: "restore" },
    source: parseLocation(source),
    safetySnapshot: safety === undefined ? false : { target: parseLocation(safety) },
    connection: resolveConnection(connection, { config: () => undefined, env: {} }),
    ...request,
  };
}

function reporterOf({ signal, heard }: RestoreWishes, said: Said) {
  return {
    signal: signal ?? new AbortController().signal,
    status: (event: WorkEvent) => {
      const message = describeEvent(event);
      said.status.push(message);
      heard?.(message);
    },
    info: (message: string) => said.info.push(message),
    warn: (message: string) => said.warn.push(message),
  };
}

/** A cluster of a test that nobody disturbs is stable at once; that a command takes 3 s is tested with the command. */
const OBSERVATION = { stableMs: 300, limitMs: 20_000 };

function optionsOf({ limits, giveUp }: RestoreWishes): SessionOptions {
  return compact({ limits: { observation: OBSERVATION, ...limits }, giveUp });
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
  return ended((said) => restore(requestOf(source, to, wishes), reporterOf(wishes, said), optionsOf(wishes)));
}

/**
 * `as archived` if the cluster holds what users had in the archive; else what is wrong. Servers and agents write records
 * by themselves at times of their own (an agent registers itself, the CA counts its certificates), so that a restore is
 * not always `exact`.
 */
export function outcomeForUsers({ restored, error }: Pick<Ended, "restored" | "error">): string {
  if (restored === undefined) return error?.message ?? "";
  const differences = restored.differences.filter(({ reason }) => !reason.startsWith("servers and agents write these"));
  return differences.length === 0 ? "as archived" : differences.map(({ type, reason }) => `${type}: ${reason}`).join();
}

/** The warnings of a restore, except the one that counts Raft entries: servers write such by themselves at any time. */
export function warningsForUsers({ said }: Pick<Ended, "said">): string[] {
  return said.warn.filter((line) => !line.startsWith("Raft entries since the safety snapshot"));
}

/** What a later run does about an attempt. */
export async function readBackFrom(attempt: Attempt, to: ConnectionArgs, wishes: RestoreWishes = {}): Promise<Ended> {
  const request = requestOf(attempt.source, to, { ...wishes, request: { ...wishes.request, runId: attempt.runId } });
  return ended((said) => readBackAttempt(attempt, request, reporterOf(wishes, said), optionsOf(wishes)));
}

export async function planFrom(
  source: string,
  to: ConnectionArgs,
  wishes: RestoreWishes = {},
): Promise<Preparation | { readonly earlier: Receipt }> {
  const reporter = reporterOf(wishes, { status: [], info: [], warn: [] });
  return withSession(requestOf(source, to, wishes), reporter, optionsOf(wishes), (session) =>
    prepare(session, { readState: true }),
  );
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
