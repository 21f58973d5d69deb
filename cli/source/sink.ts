/** Writes a result of any size to standard output, or to a new file that appears only when it is complete. */

import { isCode, SnapshotError } from "../../provider/errors";
import { type Location, parseLocation } from "../../provider/store/location";
import { withStore } from "../../provider/store/backends";
import { hasPlaceholders } from "../../provider/store/nameTemplate";
import { interruptible } from "../terminal/interruption";
import type { Output } from "../terminal/output";
import { shown } from "../terminal/rows";

export type Written = AsyncIterable<Uint8Array>;

/** How many bytes to write before waiting for the reader. */
const FLUSH_BYTES = 1024 * 1024;

/**
 * @param file - a path, or a URL. Default: standard output
 * @throws SnapshotError `STORE_*` (`STORE_EXISTS` where there is one already), `TARGET_INVALID`, `INTERRUPTED`, and what the
 *   bytes throw
 */
export async function writeTo(file: string | undefined, bytes: Written, output: Output): Promise<void> {
  await (file === undefined ? writeToOutput(bytes, output) : writeToFile(fileOf(file), bytes));
}

/** @throws SnapshotError `TARGET_INVALID` */
function fileOf(name: string): Location {
  const place = parseLocation(name);
  if (!hasPlaceholders(place.key)) return place;
  const what = hasPlaceholders(name) ? "contains a brace, as only names of archives do" : "is a folder";
  throw new SnapshotError("TARGET_INVALID", `--output ${shown(name)} ${what}`, "Use the name of a new file.");
}

async function writeToFile(place: Location, bytes: Written): Promise<void> {
  await interruptible("nothing was written", async (signal) => {
    try {
      await withStore(place, (store) => store.put(place.key, bytes, { signal }));
    } catch (error) {
      throw isCode(error, "STORE_EXISTS")
        ? new SnapshotError("STORE_EXISTS", error.message, "Choose another name for --output.", error)
        : error;
    }
  });
}

/** Writes no faster than it is read. */
export async function writeToOutput(bytes: Written | Iterable<Uint8Array>, output: Output): Promise<void> {
  let unflushed = 0;
  for await (const piece of bytes) {
    output.writeRaw(piece);
    unflushed += piece.length;
    if (unflushed < FLUSH_BYTES) continue;
    await output.flush();
    unflushed = 0;
    // The reader has gone.
    if (output.failure !== undefined) return;
  }
}
