/** Where receipts lie: looking for those of a run, and claiming it, so that no other run restores it. */

import { randomBytes } from "node:crypto";
import { SnapshotError } from "../../errors";
import { fixedPrefix, formatLocation, type Location } from "../../store/location";
import { openStore } from "../../store/open";
import type { Store, StoredObject } from "../../store/store";
import { putSmall, readSmall } from "../small";
import type { Attempt } from "./attempt";
import { bytesOf, nameOf, parse, placesOf, prefixOf, type Receipt, SUFFIX } from "./receipt";
import type { RestoreRequest } from "./request";

/** A folder or prefix that holds receipts. */
interface Place {
  readonly location: Location;
  readonly store: Store;
  readonly folder: string;
  /** Whether no restore begins without a receipt here. */
  readonly isFirst: boolean;
}

/** What this run has written, and may take back. */
interface Written {
  readonly place: Place;
  readonly key: string;
  readonly object: StoredObject;
}

/** A run that is this one's alone. */
export interface Claim {
  /** With the places of its receipts; without any where none could be written. */
  readonly attempt: Attempt;
  /** Takes the receipts back, as far as that may be, and tells whether all are: only while nothing was sent. */
  readonly withdraw: () => Promise<boolean>;
}

/** Told that one of the places may not be listed, read or written; it throws where that must not be. */
export type Unable = (error: SnapshotError, isFirst: boolean) => void;

/** The places of receipts: beside the safety snapshot, if there is one, and beside the archive. */
export class Receipts {
  private constructor(private readonly places: readonly Place[]) {}

  /** @throws SnapshotError `STORE_*`, `TARGET_INVALID` */
  static async open({ safetySnapshot, source }: RestoreRequest): Promise<Receipts> {
    const places: Place[] = [];
    for (const location of safetySnapshot === false ? [source] : [safetySnapshot.target, source]) {
      const folder = folderOf(location.key);
      const isKnown = places.some((place) => wholeName(place, "") === formatLocation(location, folder));
      if (!isKnown) places.push({ location, store: await openStore(location), folder, isFirst: places.length === 0 });
    }
    return new Receipts(places);
  }

  /**
   * The receipts of a run, of whatever cluster.
   *
   * @param unable - told of a place that may not be listed
   * @throws SnapshotError `STORE_*`; `RESTORE_REFUSED` where one cannot be understood: then nothing is known
   */
  async find(runId: string, unable: Unable): Promise<Receipt[]> {
    const found: Receipt[] = [];
    for (const { location, store, folder, isFirst } of this.places) {
      try {
        for (const key of await keysOf(store, folder + prefixOf(runId))) {
          const read = await readSmall(store, key);
          if (read !== undefined) found.push(parse(read.bytes, formatLocation(location, key)));
        }
      } catch (error) {
        if (!(error instanceof SnapshotError && error.code === "STORE_DENIED")) throw error;
        unable(error, isFirst);
      }
    }
    return found;
  }

  /**
   * Claims the run at every place. Everyone does so in the same order, and needs them all: of two at once that have a
   * place in common, one gets it. Who does not get all of them takes back what it has written.
   *
   * @param unable - told of a place that cannot be written
   * @returns where another run was first, its receipt
   * @throws SnapshotError what `unable` throws
   */
  async claim(bare: Attempt, unable: Unable): Promise<Claim | { readonly taken: string }> {
    const name = nameOf(bare);
    const own: Attempt = { ...bare, claim: randomBytes(16).toString("hex") };
    const inOrder = [...this.places].sort((a, b) => (wholeName(a, name) < wholeName(b, name) ? -1 : 1));
    const written: Written[] = [];
    const withdraw = async (): Promise<boolean> => {
      let isDone = true;
      for (const { place, key, object } of written.splice(0)) {
        // Who may write need not be allowed to delete. What stays is read back by the next run, which is harmless.
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
      // A server that does not know "only if absent" lets two write: the later one stays.
      for (const { place, key } of [...written]) {
        const isOurs = await reaching(place, unable, async () => (await claimAt(place, key)) === own.claim);
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

    /** One place may have two names. A receipt that may not be read is another's. */
    async function isAlias(place: Place, key: string): Promise<boolean> {
      return written.length > 0 && (await claimAt(place, key).catch(() => undefined)) === own.claim;
    }
    async function lost(place: Place): Promise<{ readonly taken: string }> {
      await withdraw();
      return { taken: wholeName(place, name) };
    }
  }

  close(): void {
    for (const { store } of this.places) store.close();
  }
}

/** @returns nothing where the place could not be reached, and need not be */
async function reaching<T>({ isFirst }: Place, unable: Unable, work: () => Promise<T>): Promise<T | undefined> {
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
    return await putSmall(store, key, bytesOf(attempt), false);
  } catch (error) {
    if (error instanceof SnapshotError && error.code === "STORE_EXISTS") return "taken";
    throw error;
  }
}

async function claimAt({ location, store }: Place, key: string): Promise<string | undefined> {
  const read = await readSmall(store, key);
  return read && parse(read.bytes, formatLocation(location, key)).claim;
}

function wholeName({ location, folder }: Pick<Place, "location" | "folder">, name: string): string {
  return formatLocation(location, folder + name);
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
