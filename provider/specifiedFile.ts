/**
 * Reads a small file that the user has specified: a token, certificates, an identity, a configuration. Each read ends: opening
 * a named pipe would wait for its writer, and neither a signal nor the event loop could end that.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { systemCode } from "./systemCode";
import { UnsuitableFile } from "./unsuitableFile";

/** The longest file. The certificates of all known authorities take 250 kB. */
const MOST_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const POLL_MS = 20;
/** A program that waits to write to a pipe can do so at once when the pipe is opened. */
const WRITER_MS = 2000;
/** How long its writer may write nothing: it may ask for a passphrase. */
const SILENCE_MS = 60_000;
/** How long the whole reading may take where nothing else of this process happens meanwhile. */
const BLOCKED_MS = 10_000;
/** The same for the silence of a named pipe, which an agent reads again for each snapshot. */
const BLOCKED_SILENCE_MS = WRITER_MS;

interface Limits {
  /** Of a named pipe, and of one that this process has inherited. */
  readonly silenceMs: number;
  readonly inheritedSilenceMs: number;
  /** Of the whole reading. */
  readonly totalMs: number;
}

const UNBLOCKED: Limits = { silenceMs: SILENCE_MS, inheritedSilenceMs: SILENCE_MS, totalMs: Number.POSITIVE_INFINITY };
const BLOCKED: Limits = { silenceMs: BLOCKED_SILENCE_MS, inheritedSilenceMs: BLOCKED_MS, totalMs: BLOCKED_MS };

/** What a shell passes for `<(…)`, and other open files of this process. Their writers exist already. */
const INHERITED = /^\/(?:dev\/(?:stdin|fd\/\d+)|proc\/(?:self|\d+)\/fd\/\d+)$/;

/** Whether a path is that of a file that this process has opened already. */
export function isInheritedFile(path: string): boolean {
  return INHERITED.test(path);
}

/** @throws UnsuitableFile, and the system's errors */
export async function readSpecifiedFile(path: string): Promise<Buffer> {
  const reading = new Reading(path, UNBLOCKED);
  try {
    while (!reading.readOn()) await sleep(POLL_MS);
    return reading.bytes;
  } finally {
    reading.close();
  }
}

/** The same on this thread. A named pipe that is silent for 2 seconds is refused, and any pipe that does not end within 10 seconds. */
export function readSpecifiedFileSync(path: string): Buffer {
  const reading = new Reading(path, BLOCKED);
  try {
    const never = new Int32Array(new SharedArrayBuffer(4));
    while (!reading.readOn()) Atomics.wait(never, 0, 0, POLL_MS);
    return reading.bytes;
  } finally {
    reading.close();
  }
}

class Reading {
  readonly #descriptor: number;
  readonly #chunks: Buffer[] = [];
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #length = 0;
  /** Whether the end of the file is one: a named pipe also ends where its writer has not come yet. */
  #hasWriter = true;
  readonly #begun = performance.now();
  #since = this.#begun;

  constructor(
    private readonly path: string,
    private readonly limits: Limits,
  ) {
    // Opening a pipe would wait for its writer. Windows has no such flag, and no such pipes.
    this.#descriptor = openSync(path, constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0));
    try {
      this.#check();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** @returns false if a pipe has no more for now */
  readOn(): boolean {
    for (;;) {
      const count = this.#read();
      if (count === undefined || (count === 0 && !this.#hasWriter)) {
        if (count === undefined) this.#hasWriter = true;
        this.#limitWait();
        return false;
      }
      if (count === 0) return true;
      this.#chunks.push(Buffer.from(this.#chunk.subarray(0, count)));
      this.#length += count;
      this.#hasWriter = true;
      this.#since = performance.now();
      if (this.#length > MOST_BYTES) throw new UnsuitableFile(`${this.path} is larger than 16 MiB`);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #check(): void {
    const found = fstatSync(this.#descriptor);
    // Reading a folder gives the system's own error.
    if (found.isFile() || found.isDirectory() || isInheritedFile(this.path)) return;
    if (!found.isFIFO()) throw new UnsuitableFile(`${this.path} is a device, not a file`);
    this.#hasWriter = false;
  }

  #limitWait(): void {
    const { silenceMs, inheritedSilenceMs, totalMs } = this.limits;
    const longestMs = isInheritedFile(this.path) ? inheritedSilenceMs : silenceMs;
    const now = performance.now();
    const silence = now - this.#since;
    if (!this.#hasWriter && silence > WRITER_MS) {
      throw new UnsuitableFile(
        `${this.path} is a named pipe that no program writes to: specify a file, or a process substitution such as <(cat FILE)`,
      );
    }
    if (silence > longestMs) {
      throw new UnsuitableFile(`${this.path} is a pipe that nothing has come from for ${longestMs / 1000} s`);
    }
    if (now - this.#begun > totalMs) {
      throw new UnsuitableFile(`${this.path} is a pipe that has not ended within ${totalMs / 1000} s`);
    }
  }

  /** @returns `undefined` if a pipe holds nothing now, and has a writer */
  #read(): number | undefined {
    try {
      return readSync(this.#descriptor, this.#chunk);
    } catch (error) {
      if (systemCode(error) === "EAGAIN") return undefined;
      throw error;
    }
  }
}
