/**
 * An archive reader on a thread of its own, so that verification does not slow the thread that receives and stores.
 *
 * Bytes pass through shared memory: a few slots that are filled and freed in turn. Messages tell which slot. If no thread can be
 * started (the permission model, a limit on threads, an incomplete installation), the same orders are executed on this thread.
 */

import { Worker } from "node:worker_threads";
import { SnapshotError } from "../../errors";
import { RETURNED_BYTES } from "../../returnedMemory";
import { abandoned } from "../failures";
import type { SnapshotMeta } from "../meta";
import { ArchiveReader, type ArchiveReport, type Reader } from "../reader";
import {
  type Answer,
  type Order,
  receivedFailure,
  receivedReport,
  SLOT_BYTES,
  type ThreadData,
  type ThreadOptions,
} from "./messages";
import { orderReader } from "./orders";
import { type WorkerCode, workerCode } from "./workerCode";

/** One slot is being read, one waits, and one is being filled. */
const SLOTS = 3;
/**
 * Each collection of the thread's young generation also frees its buffers of inflated data. With V8's default of 16 MiB, they
 * reach 20 MB between collections. This is the smallest value that V8 uses (Node.js 20.20); it takes no more processor time.
 * A stream of large records creates few objects, so the thread also collects explicitly (`readerWorker.ts`).
 */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 3 } as const;

/** Number of threads of this process that have not ended yet. */
let running = 0;

export class ReaderThread implements Reader {
  /** Number of reader threads in this process. */
  static get running(): number {
    return running;
  }

  readonly meta: Promise<SnapshotMeta>;
  readonly #options: ThreadOptions;
  readonly #memory = new SharedArrayBuffer(RETURNED_BYTES);
  readonly #slots = Array.from({ length: SLOTS }, (_, slot) =>
    Buffer.from(this.#memory, slot * SLOT_BYTES, SLOT_BYTES),
  );
  readonly #free = this.#slots.map((_, slot) => slot);
  /** The slot that is being filled, and how many bytes it contains. */
  #filling: { readonly slot: number; bytes: number } | undefined;
  #worker: Worker | undefined;
  /** Executes orders on this thread if no other could be started. */
  #here: { readonly reader: Reader; readonly order: (order: Order) => void } | undefined;
  /** Orders sent before the thread has answered for the first time; if it never starts, they are executed on this thread. */
  #unanswered: Order[] | undefined = [];
  #isIdle = false;
  #report: ArchiveReport | undefined;
  #failure: Error | undefined;
  #resolveMeta: (meta: SnapshotMeta) => void = () => undefined;
  #rejectMeta: (error: Error) => void = () => undefined;
  #waiting: (() => void)[] = [];

  /** @param code - the thread's program. Default: that of this package */
  constructor(options: ThreadOptions = {}, code: WorkerCode = workerCode()) {
    this.#options = options;
    this.meta = new Promise((resolve, reject) => {
      this.#resolveMeta = resolve;
      this.#rejectMeta = reject;
    });
    // Callers need not await `meta`: `write` and `end` report the same failure.
    this.meta.catch(() => undefined);
    try {
      this.#worker = this.#start(code);
    } catch {
      this.#readHere();
    }
  }

  /** The id of the thread while it runs. */
  get threadId(): number | undefined {
    return this.#worker?.threadId;
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const filling = (this.#filling ??= { slot: await this.#freeSlot(), bytes: 0 });
      const bytes = Math.min(chunk.length - at, SLOT_BYTES - filling.bytes);
      (this.#slots[filling.slot] as Buffer).set(chunk.subarray(at, at + bytes), filling.bytes);
      filling.bytes += bytes;
      at += bytes;
      // A partly filled slot waits for more bytes while the thread has other slots to read.
      if (filling.bytes === SLOT_BYTES || this.#free.length === SLOTS - 1) this.#flush();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async idle(): Promise<void> {
    this.#isIdle = false;
    this.#flush();
    this.#order("idle");
    await this.#until(() => this.#isIdle);
  }

  async end(): Promise<ArchiveReport> {
    this.#flush();
    this.#order("end");
    await this.#until(() => this.#report !== undefined);
    return this.#report as ArchiveReport;
  }

  destroy(): void {
    this.#fail(abandoned());
    this.#here?.reader.destroy();
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #start({ program, options }: WorkerCode): Worker {
    const workerData: ThreadData = { ...this.#options, memory: this.#memory };
    // The thread does not need the environment, which may contain tokens and keys.
    const worker = new Worker(program, { ...options, workerData, env: {}, resourceLimits: RESOURCE_LIMITS });
    running += 1;
    worker.once("exit", () => (running -= 1));
    // Messages that the thread sent before it crashed may arrive after the crash is reported.
    worker.on("message", (answer: Answer) => {
      if (this.#worker === worker) this.#receive(answer);
    });
    worker.on("error", (error) => this.#lose(error));
    worker.on("exit", () => this.#lose(undefined));
    return worker;
  }

  /** The thread has ended by itself. */
  #lose(cause: Error | undefined): void {
    if (this.#worker === undefined) return;
    this.#worker = undefined;
    if (this.#unanswered !== undefined && this.#failure === undefined) this.#readHere();
    else this.#fail(crashed(cause));
  }

  #readHere(): void {
    const reader = new ArchiveReader(this.#options);
    const order = orderReader(reader, this.#memory, (answer) => this.#receive(answer));
    const unanswered = this.#unanswered ?? [];
    this.#unanswered = undefined;
    this.#here = { reader, order };
    unanswered.forEach(order);
  }

  async #freeSlot(): Promise<number> {
    await this.#until(() => this.#free.length > 0);
    return this.#free.pop() as number;
  }

  #flush(): void {
    if (this.#filling === undefined) return;
    this.#order(this.#filling);
    this.#filling = undefined;
  }

  #order(order: Order): void {
    this.#unanswered?.push(order);
    if (this.#here === undefined) this.#worker?.postMessage(order);
    else this.#here.order(order);
  }

  #receive(answer: Answer): void {
    switch (answer.kind) {
      case "started":
        this.#unanswered = undefined;
        break;
      case "free":
        this.#free.push(answer.slot);
        if (this.#free.length === SLOTS - 1) this.#flush();
        break;
      case "idle":
        this.#isIdle = true;
        break;
      case "meta":
        this.#resolveMeta(answer.meta);
        break;
      case "report":
        this.#report = receivedReport(answer.report);
        break;
      case "failure":
        this.#fail(receivedFailure(answer.failure));
    }
    this.#wake();
  }

  /** The first failure is the one to report. */
  #fail(error: Error): void {
    this.#failure ??= error;
    this.#rejectMeta(this.#failure);
    this.#wake();
  }

  async #until(isSo: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (isSo()) return;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

function crashed(cause: Error | undefined): SnapshotError {
  const why = cause === undefined ? "" : `: ${cause.message}`;
  return new SnapshotError(
    "INTERRUPTED",
    `the thread that verifies the archive has crashed${why}`,
    "Run it again. If it crashes again, check how much memory the process may use.",
    cause,
  );
}
