/** The ledgers that an archive can be in: a ledger lies in the folder where the fixed part of a target ends, the archive's own or one above. */

import { isCode } from "../errors";
import type { Store } from "../store/store";
import { Ledger } from "./ledger";

export interface ReachableLedger {
  readonly ledger: Ledger;
  /** The folder in which it lies, or would. */
  readonly folder: string;
}

/**
 * From the archive's own folder upwards, whether there is a ledger or not. A folder above may be somebody else's: one that may
 * not be read is left out.
 *
 * @param key - of the archive
 * @throws SnapshotError `STORE_*`
 */
export async function* reachableLedgers(
  store: Store,
  key: string,
  series: string,
  signal: AbortSignal,
): AsyncGenerator<ReachableLedger> {
  for (const folder of foldersOf(key)) {
    const ledger = await readIfPermitted(store, folder, series, signal);
    if (ledger !== undefined) yield { ledger, folder };
  }
}

async function readIfPermitted(
  store: Store,
  folder: string,
  series: string,
  signal: AbortSignal,
): Promise<Ledger | undefined> {
  try {
    return await Ledger.read(store, folder, series, signal);
  } catch (error) {
    if (isCode(error, "STORE_DENIED", "TARGET_INVALID")) return undefined;
    throw error;
  }
}

/** With their slashes; of a bucket's key also the place without a folder. */
function foldersOf(key: string): readonly string[] {
  const slashes = [...key.matchAll(/\//g)].map(({ index }) => key.slice(0, index + 1)).reverse();
  return key.startsWith("/") ? slashes : [...slashes, ""];
}
