/**
 * A restore's receipt: written before the archive is sent, so that no other run, with or without state, here or
 * elsewhere, restores the same run once more. Of several writers the first gets it. It lies beside the safety snapshot
 * and beside the archive, so that a run that changes one of the two still finds it.
 */

import { createHash } from "node:crypto";
import { SnapshotError } from "../../errors";
import { parseLocation } from "../../store/location";
import { openStore } from "../../store/open";
import { putSmall } from "../small";
import { writtenBy } from "../writtenBy";
import type { Attempt } from "./attempt";
import type { Restored } from "./request";

const SCHEMA = 1;
export const SUFFIX = ".receipt.json";

export interface Receipt extends Attempt {
  readonly schema: typeof SCHEMA;
  readonly writtenBy: string;
  /** What came of it, once that is proved. */
  readonly result?: Restored;
}

/**
 * Adds to one receipt of an attempt what came of it.
 *
 * @param receipt - where it is
 * @throws SnapshotError `STORE_*`
 */
export async function completeReceipt(receipt: string, attempt: Attempt, result: Restored): Promise<void> {
  const place = parseLocation(receipt);
  const store = await openStore(place);
  try {
    await putSmall(store, place.key, bytesOf({ ...attempt, receipt }, result), true);
  } finally {
    store.close();
  }
}

/**
 * The one that tells most of a run, with both its places.
 *
 * @param receipts - of one run and one cluster
 */
export function bestOf(receipts: readonly Receipt[]): Receipt | undefined {
  const best = receipts.find(({ result }) => result !== undefined) ?? receipts[0];
  if (best?.claim === undefined) return best;
  const [receipt, otherReceipt] = receipts.flatMap((one) => (one.claim === best.claim ? [one.receipt ?? ""] : []));
  return { ...best, ...placesOf(receipt, otherReceipt) };
}

export function placesOf(
  receipt: string | undefined,
  otherReceipt: string | undefined,
): Pick<Attempt, "receipt" | "otherReceipt"> {
  return {
    ...(receipt === undefined ? {} : { receipt }),
    ...(otherReceipt === undefined ? {} : { otherReceipt }),
  };
}

/** How the names of a run's receipts begin. */
export function prefixOf(runId: string): string {
  return `consul-restore-${hashOf(runId, 16)}-`;
}

/** The name of an attempt's receipt: of one cluster, two runs at once must meet at one, whichever server names it. */
export function nameOf({ runId, serverIds }: Attempt): string {
  return prefixOf(runId) + hashOf([...serverIds].sort()[0] ?? "", 8) + SUFFIX;
}

function hashOf(text: string, digits: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}

export function bytesOf(attempt: Attempt, result?: Restored): Uint8Array {
  const receipt: Receipt = { ...attempt, schema: SCHEMA, writtenBy, ...(result === undefined ? {} : { result }) };
  return Buffer.from(`${JSON.stringify(receipt, null, 2)}\n`);
}

/** @throws SnapshotError `RESTORE_REFUSED` */
export function parse(bytes: Uint8Array, location: string): Receipt {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    if (isReceipt(value)) return { ...value, receipt: location };
  } catch {}
  throw new SnapshotError(
    "RESTORE_REFUSED",
    `the receipt ${location} of this run cannot be understood, so it is not known whether it was restored (guard receipt)`,
    "Look at it. If nothing was restored, choose another runId.",
  );
}

function isReceipt(value: unknown): value is Receipt {
  if (typeof value !== "object" || value === null) return false;
  const { schema, runId, begunAt, serverIds, archive, before } = value as Partial<Receipt>;
  return (
    schema === SCHEMA &&
    typeof runId === "string" &&
    typeof begunAt === "string" &&
    Array.isArray(serverIds) &&
    [archive, before].every((holding) => typeof holding === "object" && typeof holding.index === "number")
  );
}
