/** What each step of a restore works with, opened once and closed in the end. */

import type { ConsulClient } from "../../consul/client";
import { SnapshotError } from "../../errors";
import { bestOf, type Receipt } from "./receipt";
import { Receipts } from "./receipts";
import { clientFor, knownClient } from "./clients";
import { readCluster } from "./cluster";
import { refused } from "./guards";
import { type Reporter, type RestoreRequest, Unidentified } from "./request";
import { Source } from "./source";

export interface Parts {
  readonly client: ConsulClient;
  readonly receipts: Receipts;
}

export async function withParts<T>(
  request: RestoreRequest,
  reporter: Reporter,
  work: (parts: Parts) => Promise<T>,
): Promise<T> {
  const receipts = await Receipts.open(request);
  const client = clientFor(request.connection, reporter);
  try {
    return await work({ client, receipts });
  } finally {
    receipts.close();
    await client.close();
  }
}

export async function withSource<T>(
  { source, decryption }: RestoreRequest,
  { signal }: Reporter,
  work: (source: Source) => Promise<T>,
): Promise<T> {
  const opened = await Source.open(source, decryption, signal);
  try {
    return await work(opened);
  } finally {
    opened.close();
  }
}

/** Whether this run has begun before, on this cluster: another one may have a run of the same name. */
export async function findEarlier(
  request: RestoreRequest,
  { receipts, client }: Parts,
  reporter: Reporter,
): Promise<{ readonly earlier?: Receipt; readonly serverIds: readonly string[] }> {
  const candidates = await receipts.find(request.runId, (error, isFirst) => {
    // The place beside the archive is only looked at as well: it may be one that may be read and not listed.
    if (isFirst && !request.allow.includes("noReceipt")) throw noReceipt("looked for", error);
  });
  if (candidates.length === 0) return { serverIds: await client.serverIds() };
  const serverIds = await serverIdsAfterAll(request, reporter).catch((error: unknown) => {
    throw unidentified(error, candidates, request);
  });
  const ours = candidates.filter((candidate) => candidate.serverIds.some((id) => serverIds.includes(id)));
  const earlier = bestOf(ours);
  return { serverIds, ...(earlier === undefined ? {} : { earlier }) };
}

/** Also of a cluster that was restored already, and of one whose token may not ask. */
async function serverIdsAfterAll(request: RestoreRequest, reporter: Reporter): Promise<readonly string[]> {
  const client = await knownClient(request, reporter);
  try {
    const told = await client.serverIds();
    return told.length > 0 ? told : (await readCluster(client)).meta.servers.map(({ id }) => id);
  } finally {
    await client.close();
  }
}

/** The run has begun, here or on another cluster: which one this is cannot be told. */
function unidentified(error: unknown, candidates: readonly Receipt[], { runId, connection }: RestoreRequest): unknown {
  const candidate = bestOf(candidates);
  if (!(error instanceof SnapshotError) || candidate === undefined) return error;
  const begun = `a restore of runId "${runId}" was begun at ${candidate.begunAt}`;
  const [code, message] =
    error.code === "INTERRUPTED"
      ? ([error.code, `${begun}, and reading back what became of it was interrupted: nothing was sent now`] as const)
      : ([
          "RESTORE_UNCONFIRMED",
          `${begun}, and it cannot be told whether Consul at ${connection.url} is that cluster: ${error.message}`,
        ] as const);
  const hint =
    error.code === "CONSUL_DENIED"
      ? "Tokens are part of what is restored: give one of the archive's cluster, as tokenAfterRestore or with --token-after-restore-file."
      : `Nothing was sent now. Its receipt is ${candidate.receipt ?? "gone"}.`;
  return new Unidentified(new SnapshotError(code, message, hint, error), candidate);
}

/** The refusal where nothing could keep a restore from being done twice. */
export function noReceipt(what: "looked for" | "written", error: SnapshotError): SnapshotError {
  return refused(
    "noReceipt",
    `the receipt, which keeps a restore from being done twice, cannot be ${what}: ${error.message}`,
    error,
    `${error.hint} allow: ["noReceipt"] restores without one.`,
  );
}
