/** A process that writes to a store until it is killed: `node stores-writer.ts TARGET BYTES`. */
import { parseLocation } from "../../provider/store/location";
import { openStore } from "../../provider/store/open";

const [target = "", bytes = "0"] = process.argv.slice(2);

/** Tells on standard output how much was taken. */
// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
async function* source(): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(256 * 1024, "consul");
  for (let given = 0; given < Number(bytes); given += chunk.length) {
    yield chunk;
    process.stdout.write(`${given + chunk.length}\n`);
  }
}

async function main(): Promise<void> {
  const location = parseLocation(target);
  const store = await openStore(location);
  await store.put(location.key, source());
  process.stdout.write("done\n");
}

void main();
