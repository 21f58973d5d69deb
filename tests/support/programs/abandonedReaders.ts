/** Abandons archive readers that have threads at every moment of their work, and then ends by itself. */

import { ReaderThread } from "../../../provider/archive/thread/readerThread";
import { archiveOf } from "../../fixtures/archive";
import { keyValue, stateOf } from "../../fixtures/state";
import { bundledWorker } from "./readerBundle";

const archive = archiveOf(stateOf([keyValue("a", Buffer.alloc(100_000, "words "))]));
const steps: readonly ((reader: ReaderThread) => Promise<unknown>)[] = [
  () => Promise.resolve(),
  (reader) => reader.write(archive),
  (reader) => reader.write(archive).then(() => reader.idle()),
  (reader) => reader.write(archive).then(() => reader.end()),
  (reader) => reader.write(Buffer.from("<html>")).then(() => reader.idle()),
];

async function main(): Promise<void> {
  for (const step of steps) {
    const atOnce = new ReaderThread({}, bundledWorker());
    const abandoned = step(atOnce).catch(() => undefined);
    atOnce.destroy();
    await abandoned;
    const later = new ReaderThread({}, bundledWorker());
    await step(later).catch(() => undefined);
    later.destroy();
  }
  process.stdout.write("abandoned\n");
}

void main();
