/** The program of a reader's thread: an `ArchiveReader` that is fed from shared memory. */

import { parentPort, workerData } from "node:worker_threads";
import { ArchiveReader } from "../reader";
import type { Answer, ThreadData } from "./messages";
import { orderReader } from "./orders";

const { memory, ...options } = workerData as ThreadData;
const send = (answer: Answer): void => parentPort?.postMessage(answer);
parentPort?.on("message", orderReader(new ArchiveReader(options), memory, send));
send({ kind: "started" });
