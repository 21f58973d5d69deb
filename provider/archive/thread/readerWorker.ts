/** The program of a reader's thread: an `ArchiveReader` that is fed from shared memory. */

import { parentPort, workerData } from "node:worker_threads";
import { collector } from "../../collector";
import { ArchiveReader } from "../reader";
import type { Answer, ThreadData } from "./messages";
import { orderReader } from "./orders";

/** Inflated bytes that are read and not freed yet, and those in use: twice 256 KiB. */
const MOST_BUFFERS = 4 * 1024 * 1024;

const { memory, ...options } = workerData as ThreadData;
const collect = collector();
const send = (answer: Answer): void => {
  parentPort?.postMessage(answer);
  if (answer.kind === "free" && process.memoryUsage().arrayBuffers > MOST_BUFFERS) collect({ type: "minor" });
};
parentPort?.on("message", orderReader(new ArchiveReader(options), memory, send));
send({ kind: "started" });
