/** The program of a reader's thread: an `ArchiveReader` that is fed from shared memory. */

import { parentPort, workerData } from "node:worker_threads";
import { collector } from "../../collector";
import { ArchiveReader } from "../reader";
import type { Answer, ThreadData } from "./messages";
import { orderReader } from "./orders";

/** Buffers of inflated bytes, in bytes: those in use take a few times 256 KiB, the rest is unused. */
const MOST_BUFFERS = 4 * 1024 * 1024;

const { memory, ...options } = workerData as ThreadData;
const send = (answer: Answer): void => {
  parentPort?.postMessage(answer);
  if (answer.kind === "free" && process.memoryUsage().arrayBuffers > MOST_BUFFERS) collector()("minor");
};
parentPort?.on("message", orderReader(new ArchiveReader(options), memory, send));
send({ kind: "started" });
