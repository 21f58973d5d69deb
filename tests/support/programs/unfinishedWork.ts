/** Writes a file that never ends, as a command: `unfinishedWork FILE honors|exits`. */

import { interruptible } from "../../../cli/terminal/interruption";
import { Output } from "../../../cli/terminal/output";
import { writeTo } from "../../../cli/source/sink";
import { openStore } from "../../../provider/store/backends";
import { parseSource } from "../../../provider/store/location";

const [, , file = "", how = ""] = process.argv;

async function* endless(): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from("secret");
  process.stdout.write("begun\n");
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

async function main(): Promise<void> {
  if (how === "honors") {
    await writeTo(file, endless(), new Output(process.stdout));
    return;
  }
  await interruptible("nothing was written", async (signal) => {
    signal.addEventListener("abort", () => process.exit(3));
    const place = parseSource(file);
    await (await openStore(place)).put(place.key, endless());
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
});
