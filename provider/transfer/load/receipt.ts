/**
 * A restore's receipt: written before the archive is sent, so that no other run, with or without state, here or
 * elsewhere, restores the same run once more. Of several writers the first gets it. It lies beside the safety snapshot;
 * where there is none, beside the archive.
 */

import { createHash } from "node:crypto";
import { SnapshotError } from "../../errors";
import { fixedPrefix, formatLocation, type Location, parseLocation } from "../../store/location";
import { openStore } from "../../store/open";
import type { Store } from "../../store/store";
import { putSmall, readSmall } from "../small";
import { writtenBy } from "../writtenBy";
import type { Attempt } from "./attempt";
import type { Restored, RestoreRequest } from "./request";

const SCHEMA = 1;
const SUFFIX = ".receipt.json";

export interface Receipt extends Attempt {
  readonly schema: typeof SCHEMA;
  readonly writtenBy: string;
  /** What came of it, once that is proved. */
  readonly result?: Restored;
}

/** The places of receipts, the one to write to first. */
export class Receipts {
  private constructor(
    private readonly places: readonly { readonly location: Location; readonly store: Store; readonly folder: string }[],
  ) {}

  /** @throws SnapshotError `STORE_*`, `TARGET_INVALID` */
  static async open({ safetySnapshot, source }: RestoreRequest): Promise<Receipts> {
    const locations = safetySnapshot === false ? [source] : [safetySnapshot.target, source];
    const places = [];
    for (const location of locations) {
      places.push({ location, store: await openStore(location), folder: folderOf(location.key) });
    }
    return new Receipts(places);
  }

  /**
   * The receipts of a run, of whatever cluster.
   *
   * @param unseen - told when one of the places may not be listed, and why; it throws where that must not be
   * @throws SnapshotError `STORE_*`; `RESTORE_REFUSED` where one cannot be understood: then nothing is known
   */
  async find(runId: string, unseen: (error: SnapshotError, isFirst: boolean) => void): Promise<Receipt[]> {
    const found: Receipt[] = [];
    for (const [at, { location, store, folder }] of this.places.entries()) {
      try {
        for (const key of await keysOf(store, folder + nameOf(runId))) {
          const read = await readSmall(store, key);
          if (read !== undefined) found.push(parse(read.bytes, formatLocation(location, key)));
        }
      } catch (error) {
        if (!(error instanceof SnapshotError && error.code === "STORE_DENIED")) throw error;
        unseen(error, at === 0);
      }
    }
    return found;
  }

  /** Where the receipt of an attempt is written. */
  locate(runId: string, serverIds: readonly string[]): string {
    const { location, key } = this.at(runId, serverIds);
    return formatLocation(location, key);
  }

  /**
   * Claims the run.
   *
   * @throws SnapshotError `STORE_EXISTS` when another run was first; other `STORE_*` when it cannot be written
   */
  async begin(attempt: Attempt): Promise<void> {
    const { store, key } = this.at(attempt.runId, attempt.serverIds);
    await putSmall(store, key, bytesOf(attempt), false);
  }

  close(): void {
    for (const { store } of this.places) store.close();
  }

  private at(runId: string, serverIds: readonly string[]): { location: Location; store: Store; key: string } {
    const [place] = this.places;
    if (place === undefined) throw new Error("no place for receipts");
    // Of one cluster, two runs at once must meet at one name; which of its servers names it does not matter.
    const cluster = hashOf([...serverIds].sort()[0] ?? "", 8);
    return { ...place, key: `${place.folder}${nameOf(runId)}${cluster}${SUFFIX}` };
  }
}

/**
 * Adds to the receipt of an attempt what came of it.
 *
 * @throws SnapshotError `STORE_*`
 */
export async function completeReceipt(attempt: Attempt, result: Restored): Promise<void> {
  if (attempt.receipt === undefined) return;
  const place = parseLocation(attempt.receipt);
  const store = await openStore(place);
  try {
    await putSmall(store, place.key, bytesOf(attempt, result), true);
  } finally {
    store.close();
  }
}

function nameOf(runId: string): string {
  return `consul-restore-${hashOf(runId, 16)}-`;
}

function hashOf(text: string, digits: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}

function folderOf(template: string): string {
  return fixedPrefix(template).replace(/[^/]*$/, "");
}

async function keysOf(store: Store, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  try {
    for await (const { key } of store.list(prefix)) if (key.endsWith(SUFFIX)) keys.push(key);
  } catch (error) {
    // A folder that is yet to be made holds none.
    if (!(error instanceof SnapshotError && error.code === "STORE_NOT_FOUND")) throw error;
  }
  return keys;
}

function bytesOf(attempt: Attempt, result?: Restored): Uint8Array {
  const receipt: Receipt = { ...attempt, schema: SCHEMA, writtenBy, ...(result === undefined ? {} : { result }) };
  return Buffer.from(`${JSON.stringify(receipt, null, 2)}\n`);
}

function parse(bytes: Uint8Array, location: string): Receipt {
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
