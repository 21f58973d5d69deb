/**
 * Reads an archive from a named pipe, as `cat` does: it waits for a program that writes to it. Opening such a pipe would block
 * a thread of Node.js until a writer comes, and neither a signal nor the end of the command could end that.
 */

import { closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { isInheritedFile } from "../../provider/specifiedFile";
import { systemCode } from "../../provider/systemCode";
import { remark } from "../../provider/text";
import { Output } from "../terminal/output";

const POLL_MS = 20;
/** A program that was started together with this one has opened the pipe by then. */
const NOTICE_MS = 1000;
const CHUNK_BYTES = 64 * 1024;

export function isNamedPipe(path: string): boolean {
  return !isInheritedFile(path) && statSync(path, { throwIfNoEntry: false })?.isFIFO() === true;
}

/**
 * @param signal - ends the wait. Default: nothing does
 * @throws the signal's reason, and the system's errors
 */
export async function* readNamedPipe(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let owner: Socket | undefined;
  try {
    const first = await firstBytes(path, descriptor, signal);
    // From here on, the pipe has a writer, and it ends when the last one has left.
    owner = new Socket({
      fd: descriptor,
      readable: true,
      writable: false,
      ...(signal === undefined ? {} : { signal }),
    });
    if (first.length > 0) yield first;
    yield* owner as AsyncIterable<Buffer>;
  } finally {
    if (owner === undefined) closeSync(descriptor);
    else owner.destroy();
  }
}

/** Waits for a writer. @returns what it has written; empty if it has not written yet */
async function firstBytes(path: string, descriptor: number, signal: AbortSignal | undefined): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let waited = 0; ; waited += POLL_MS) {
    signal?.throwIfAborted();
    try {
      const count = readSync(descriptor, chunk);
      if (count > 0) return chunk.subarray(0, count);
    } catch (error) {
      if (systemCode(error) === "EAGAIN") return Buffer.alloc(0);
      throw error;
    }
    if (waited === NOTICE_MS) {
      new Output(process.stderr).write(remark`waiting for a program that writes to the named pipe ${path}\n`);
    }
    await sleep(POLL_MS);
  }
}
