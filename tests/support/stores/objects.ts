/** Objects of a store, read and written without the provider. */
import { basename } from "node:path";
import { formatLocation, parseLocation } from "../../../provider/store/location";
import { openStore } from "../../../provider/store/backends";
import { manifestKey } from "../../../provider/catalog/manifest";

/** What lies in a store, seen past the provider. */
export async function bytesAt(location: string): Promise<Buffer | undefined> {
  const place = parseLocation(location);
  const store = await openStore(place);
  try {
    if ((await store.head(place.key)) === undefined) return undefined;
    const parts: Uint8Array[] = [];
    for await (const part of store.read(place.key)) parts.push(part);
    return Buffer.concat(parts);
  } finally {
    store.close();
  }
}

export async function write(location: string, bytes: Buffer): Promise<void> {
  const place = parseLocation(location);
  const store = await openStore(place);
  // eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
  const source = (async function* () {
    yield bytes;
  })();
  await store.put(place.key, source, { overwrite: true });
  store.close();
}

export async function remove(location: string): Promise<void> {
  const place = parseLocation(location);
  const store = await openStore(place);
  await store.delete(place.key);
  store.close();
}

export async function removeManifest(location: string): Promise<void> {
  const place = parseLocation(location);
  await remove(formatLocation(place, manifestKey(place.key)));
}

/** The names below a target that ends in a slash. */
export async function names(target: string): Promise<string[]> {
  const place = parseLocation(target.replace(/\/(\?|$)/, "/x$1"));
  const store = await openStore(place);
  const found: string[] = [];
  for await (const { key } of store.list(place.key.slice(0, -1))) found.push(basename(key));
  store.close();
  return found.sort();
}
