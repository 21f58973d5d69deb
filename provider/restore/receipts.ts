/**
 * The stores of receipts: finds the receipts of a run, claims a run so that no other process restores it, and adds the
 * result. Only places that the request specifies are read or written, never those that a receipt specifies.
 */

import { randomBytes } from "node:crypto";
import { compact } from "../compact";
import { SnapshotError, isCode } from "../errors";
import { formatLocation, type Location } from "../store/location";
import { fixedFolder } from "../store/nameTemplate";
import type { Store, StoredObject } from "../store/store";
import { putSmallObject, readSmallObject } from "../store/smallObject";
import type { Attempt } from "./attempt";
import { listObjects } from "./listedObjects";
import { bytesOf, nameOf, parseReceipt, placesOf, prefixOf, type Receipt, SUFFIX } from "./receipt";
import type { Restored, RestoreRequest } from "./request";
import { normalizeRunId } from "./runId";

/** A folder or prefix for receipts. */
interface Place {
  readonly location: Location;
  readonly store: Store;
  readonly folder: string;
  /** Whether a receipt here is mandatory. */
  readonly isFirst: boolean;
}

/** A receipt that this run has written and may delete. */
interface Written {
  readonly place: Place;
  readonly key: string;
  readonly object: StoredObject;
}

/** A run that only this process restores. */
export interface Claim {
  /** The attempt with the locations of its receipts; without any if none could be written. */
  readonly attempt: Attempt;
  /** Deletes the receipts and returns whether all were deleted. Call it only if nothing was restored. */
  readonly withdraw: () => Promise<boolean>;
}

/** Called if a place cannot be listed, read or written; it throws if that is a reason to refuse. */
export type PlaceFailure = (error: SnapshotError, isFirst: boolean) => void;

/** The places of receipts: beside the safety snapshot, if there is one, and beside the archive. */
export class Receipts {
  private constructor(private readonly places: readonly Place[]) {}

  /**
   * @param storeAt - opens the store of a place; the caller closes the stores
   * @throws SnapshotError `STORE_*`, `TARGET_INVALID`
   */
  static async open(
    { safetySnapshot, source }: Pick<RestoreRequest, "safetySnapshot" | "source">,
    storeAt: (location: Location) => Promise<Store>,
  ): Promise<Receipts> {
    const places: Place[] = [];
    for (const location of typeof safetySnapshot === "object" ? [safetySnapshot.target, source] : [source]) {
      const folder = fixedFolder(location.key);
      const isKnown = places.some((place) => wholeName(place, "") === formatLocation(location, folder));
      if (!isKnown) places.push({ location, store: await storeAt(location), folder, isFirst: places.length === 0 });
    }
    return new Receipts(places);
  }

  /**
   * The receipts of a run, for all clusters.
   *
   * @param unable - called for a place that cannot be listed
   * @throws SnapshotError `STORE_*`; `RESTORE_REFUSED` if a receipt cannot be read, because then nothing is known;
   * `INTERRUPTED`
   */
  async find(runId: string, unable: PlaceFailure, signal: AbortSignal): Promise<Receipt[]> {
    const found: Receipt[] = [];
    // Versions before 0.2 used the id without normalization in the names of receipts.
    const prefixes = [...new Set([normalizeRunId(runId), runId].map(prefixOf))];
    for (const { location, store, folder, isFirst } of this.places) {
      try {
        for (const prefix of prefixes) {
          for (const key of await keysOf(store, folder + prefix, signal)) {
            const read = await readSmallObject(store, key, { signal });
            if (read !== undefined) found.push(parseReceipt(read.bytes, formatLocation(location, key), runId));
          }
        }
      } catch (error) {
        if (!isCode(error, "STORE_DENIED")) throw error;
        unable(error, isFirst);
      }
    }
    return found;
  }

  /**
   * Claims the run at every place. All processes claim in the same order and need every place, so of two concurrent
   * runs that share a place, only one succeeds. A run that cannot claim all places deletes the receipts that it has
   * written.
   *
   * @param unable - called for a place that cannot be written
   * @returns the claim, or the receipt of another run that was first
   * @throws SnapshotError thrown by `unable`
   */
  async claim(bare: Attempt, unable: PlaceFailure): Promise<Claim | { readonly taken: string }> {
    const name = nameOf(bare);
    const own: Attempt = { ...bare, claim: randomBytes(16).toString("hex") };
    const inOrder = [...this.places].sort((a, b) => (wholeName(a, name) < wholeName(b, name) ? -1 : 1));
    const written: Written[] = [];
    const withdraw = async (): Promise<boolean> => {
      let isDone = true;
      for (const { place, key, object } of written.splice(0)) {
        // Permission to write does not include permission to delete. A remaining receipt is harmless: the next run
        // reads it back.
        await place.store.delete(key, { version: object.version }).catch(() => (isDone = false));
      }
      return isDone;
    };
    try {
      for (const place of inOrder) {
        const isOurs = await reaching(place, unable, async () => {
          const key = place.folder + name;
          const object = await put(place.store, key, { ...own, receipt: wholeName(place, name) });
          if (object === "taken") return await isAlias(place, key);
          written.push({ place, key, object });
          return true;
        });
        if (isOurs === false) return await lost(place);
      }
      // On a server that ignores "only if absent", two runs can both write, and the later receipt replaces the first.
      for (const { place, key } of [...written]) {
        const isOurs = await reaching(place, unable, async () => (await claimAt(place, key, own)) === own.claim);
        if (isOurs === false) return await lost(place);
      }
    } catch (error) {
      await withdraw();
      throw error;
    }
    const [receipt, otherReceipt] = this.places
      .filter((place) => written.some((one) => one.place === place))
      .map((place) => wholeName(place, name));
    return { attempt: receipt === undefined ? bare : { ...own, ...placesOf(receipt, otherReceipt) }, withdraw };

    /** One place may have two names. A receipt that cannot be read counts as one of another run. */
    async function isAlias(place: Place, key: string): Promise<boolean> {
      return written.length > 0 && (await claimAt(place, key, own).catch(() => undefined)) === own.claim;
    }
    async function lost(place: Place): Promise<{ readonly taken: string }> {
      await withdraw();
      return { taken: wholeName(place, name) };
    }
  }

  /**
   * Adds the result to the receipts of an attempt. Receipts of other attempts are not changed.
   *
   * @param failed - called for each place where that fails
   */
  async complete(attempt: Attempt, result: Restored, failed: (error: unknown) => void): Promise<void> {
    const name = nameOf(attempt);
    for (const place of this.places) {
      const key = place.folder + name;
      const location = wholeName(place, name);
      try {
        const read = await readSmallObject(place.store, key);
        if (read === undefined) continue;
        const there = parseReceipt(read.bytes, location, attempt.runId).attempt;
        if (there.claim !== attempt.claim || there.begunAt !== attempt.begunAt) continue;
        // The places of an adopted attempt are those of the request that reads it back.
        const { source, safetySnapshot } = there;
        const whole = compact({ ...attempt, source, safetySnapshot, receipt: location });
        await putSmallObject(place.store, key, bytesOf(whole, result), true);
      } catch (error) {
        failed(error);
      }
    }
  }
}

/** @returns `undefined` if the place failed and that is no reason to refuse */
async function reaching<T>({ isFirst }: Place, unable: PlaceFailure, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    unable(error, isFirst);
    return undefined;
  }
}

async function put(store: Store, key: string, attempt: Attempt): Promise<StoredObject | "taken"> {
  try {
    return await putSmallObject(store, key, bytesOf(attempt), false);
  } catch (error) {
    if (isCode(error, "STORE_EXISTS")) return "taken";
    throw error;
  }
}

async function claimAt({ location, store }: Place, key: string, { runId }: Attempt): Promise<string | undefined> {
  const read = await readSmallObject(store, key);
  return read && parseReceipt(read.bytes, formatLocation(location, key), runId).attempt.claim;
}

function wholeName({ location, folder }: Pick<Place, "location" | "folder">, name: string): string {
  return formatLocation(location, folder + name);
}

async function keysOf(store: Store, prefix: string, signal: AbortSignal): Promise<string[]> {
  const keys: string[] = [];
  try {
    for await (const { key } of listObjects(store, prefix, signal)) if (key.endsWith(SUFFIX)) keys.push(key);
  } catch (error) {
    // A folder that does not exist yet contains no receipts.
    if (!isCode(error, "STORE_NOT_FOUND")) throw error;
  }
  return keys;
}
