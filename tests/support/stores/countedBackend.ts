/** Objects in memory, `counted://BUCKET/KEY`, with a count of what is opened and read. */

import type { Backend } from "../../../provider/store/backend";
import { registerBackend } from "../../../provider/store/backends";
import { memoryBackend } from "../../../provider/store/memory/backend";
import type { ReadOptions } from "../../../provider/store/store";

export interface Counts {
  /** The bucket of each store that was opened. */
  readonly opened: string[];
  /** The location of each object whose bytes were read. */
  readonly read: string[];
}

const counts: Counts = { opened: [], read: [] };

const countedBackend: Backend = {
  ...memoryBackend,
  scheme: "counted",
  parse: (rest, cwd) => ({ ...memoryBackend.parse(rest, cwd), scheme: "counted" }),
  async open(location, stallMs) {
    counts.opened.push(location.bucket);
    const store = await memoryBackend.open(location, stallMs);
    const read = store.read.bind(store);
    return Object.assign(store, {
      read(key: string, options?: ReadOptions) {
        counts.read.push(store.locate(key));
        return read(key, options);
      },
    });
  },
};

/** Begins to count, from zero. */
export function countStores(): Counts {
  registerBackend(countedBackend);
  counts.opened.length = 0;
  counts.read.length = 0;
  return counts;
}
