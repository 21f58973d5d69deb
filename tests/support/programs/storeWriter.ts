/** A process that writes to a store, and waits there to be killed: `node stores-writer.ts TARGET BYTES`. */
import { parseLocation } from "../../../provider/store/location";
import { openStore } from "../../../provider/store/backends";

const [target = "", bytes = "0"] = process.argv.slice(2);

/** Tells on standard output that all was taken, and does not end. */
async function* source(): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(256 * 1024, "consul");
  for (let given = 0; given < Number(bytes); given += chunk.length) {
    yield chunk;
  }
  process.stdout.write("given\n");
  await new Promise(() => setInterval(() => undefined, 60_000));
}

async function main(): Promise<void> {
  const location = parseLocation(target);
  const store = await openStore(location);
  await store.put(location.key, source());
}

void main();
