/**
 * A temporary file for blocks of bytes that exceed the memory limit. They are encrypted with a key that is never stored, so that
 * keys and values of an encrypted archive never reach a disk in plain text. The file is unlinked as soon as it is open, so
 * nothing of it remains, no matter how the process ends.
 */

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SnapshotError } from "../errors";

const CIPHER = "aes-256-ctr";
const READ_BYTES = 64 * 1024;

export interface Block {
  readonly from: number;
  readonly length: number;
  readonly iv: Buffer;
}

export class Spool {
  readonly #key = randomBytes(32);
  #file: number | undefined;
  #unlink: (() => void) | undefined;
  #size = 0;

  readonly #folder = tmpdir();

  /** @throws SnapshotError `STORE_FULL` */
  write(pieces: Iterable<Uint8Array>): Block {
    const iv = randomBytes(16);
    const cipher = createCipheriv(CIPHER, this.#key, iv);
    const from = this.#size;
    try {
      const file = (this.#file ??= this.#open());
      for (const piece of pieces) {
        const bytes = cipher.update(piece);
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, this.#size + at);
        this.#size += bytes.length;
      }
    } catch (error) {
      throw new SnapshotError(
        "STORE_FULL",
        `no temporary file can be written in ${this.#folder}`,
        "Free some space there, or set TMPDIR to a folder that has more.",
        error,
      );
    }
    return { from, length: this.#size - from, iv };
  }

  /** The bytes of a block, in pieces. */
  *read({ from, length, iv }: Block): Generator<Buffer> {
    const decipher = createDecipheriv(CIPHER, this.#key, iv);
    for (let at = 0; at < length; ) {
      const piece = Buffer.allocUnsafe(Math.min(READ_BYTES, length - at));
      const bytes = readSync(this.#file ?? -1, piece, 0, piece.length, from + at);
      if (bytes === 0) throw new Error("a temporary file ended early");
      at += bytes;
      yield decipher.update(piece.subarray(0, bytes));
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#unlink?.();
  }

  #open(): number {
    const path = join(this.#folder, `consul-snapshot-${randomBytes(8).toString("hex")}`);
    const file = openSync(path, "wx+", 0o600);
    try {
      unlinkSync(path);
    } catch {
      // Windows does not unlink an open file.
      this.#unlink = () => unlinkSync(path);
    }
    return file;
  }
}
