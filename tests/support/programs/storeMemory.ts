/** Writes to a store, then reads, twice; tells the peak of its memory after each: `node stores-memory.ts TARGET MB MB`. */
import { parseLocation } from "../../../provider/store/location";
import { openStore } from "../../../provider/store/backends";

const [target = "", ...sizes] = process.argv.slice(2);

// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
async function* source(megabytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < megabytes * 16; at++) yield Buffer.alloc(64 * 1024, at);
}

async function main(): Promise<void> {
  const location = parseLocation(target);
  const store = await openStore(location);
  const { signal } = new AbortController();
  for (const size of sizes) {
    const key = `${location.key}-${size}`;
    await store.put(key, source(Number(size)), { signal });
    let bytes = 0;
    for await (const chunk of store.read(key, { signal })) bytes += chunk.length;
    console.log(bytes / 1024 / 1024, process.resourceUsage().maxRSS / 1024);
  }
  store.close();
}

void main();
