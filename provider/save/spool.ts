/**
 * A temporary file for an archive between Consul and several stores. Its name is removed as soon as it is open, so no
 * other process can open it, and it disappears with this process, however that ends. It is encrypted with a key that
 * only this process has: an archive that will be encrypted must not reach the disk in plain text.
 */

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ErrorCode, SnapshotError } from "../errors";
import { systemCode } from "../systemCode";
import { cleanText } from "../text";

/** Bytes that are encrypted or decrypted at a time: each result is a new buffer. */
const CHUNK = 128 * 1024;
const CIPHER = "aes-256-ctr";

export class Spool {
  readonly #key = randomBytes(32);
  readonly #iv = randomBytes(16);
  #size = 0;

  private constructor(
    private readonly folder: string,
    private readonly file: FileHandle,
  ) {}

  /**
   * @param folder - the folder of the file. Default: the system's folder for temporary files
   * @throws SnapshotError `ARGUMENT_INVALID` if no file can be created there, `STORE_FULL`, `STORE_UNREACHABLE`
   */
  static async open(folder: string = tmpdir()): Promise<Spool> {
    const path = join(folder, `.consul-snapshot-${randomBytes(8).toString("hex")}.tmp`);
    try {
      const file = await open(path, "wx+", 0o600);
      await rm(path, { force: true });
      return new Spool(folder, file);
    } catch (error) {
      throw unusable(folder, error);
    }
  }

  /** Writes all of `source`. Call it once. It requests the next piece after the last one is written. */
  async write(source: AsyncIterable<Uint8Array>): Promise<void> {
    const cipher = createCipheriv(CIPHER, this.#key, this.#iv);
    for await (const chunk of source) {
      try {
        for (let at = 0; at < chunk.length; at += CHUNK) {
          await this.file.writeFile(cipher.update(chunk.subarray(at, at + CHUNK)));
        }
      } catch (error) {
        throw unusable(this.folder, error);
      }
      this.#size += chunk.length;
    }
  }

  /** Reads all bytes. It can be called repeatedly, also in parallel. */
  async *read(): AsyncGenerator<Uint8Array> {
    const decipher = createDecipheriv(CIPHER, this.#key, this.#iv);
    const buffer = Buffer.allocUnsafeSlow(CHUNK);
    for (let at = 0; at < this.#size; ) {
      const { bytesRead } = await this.file.read(buffer, 0, CHUNK, at);
      if (bytesRead === 0) throw unusable(this.folder);
      at += bytesRead;
      yield decipher.update(buffer.subarray(0, bytesRead));
    }
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** @param error - the system's. Default: the file is shorter than what was written */
function unusable(folder: string, error?: unknown): SnapshotError {
  const system = systemCode(error);
  const [code, why, hint] = reasonOf(system);
  return new SnapshotError(
    code,
    `a temporary file in ${cleanText(folder)} cannot be used: ${[system, why].filter((part) => part !== "").join(", ")}`,
    `${hint}, or choose another folder with local_scratch_path.`,
    error,
  );
}

function reasonOf(system: string): readonly [code: ErrorCode, why: string, hint: string] {
  switch (system) {
    case "ENOENT":
      return ["ARGUMENT_INVALID", "the folder does not exist", "Create the folder"];
    case "ENOTDIR":
      return ["ARGUMENT_INVALID", "it is not a folder", "Check the path"];
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return ["ARGUMENT_INVALID", "this user may not write there", "Allow this user to write there"];
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return ["STORE_FULL", "the disk is full, or a size limit is reached", "Free space there"];
    case "":
      return ["STORE_CHANGED", "it is truncated", "Find out what writes there"];
    default:
      return ["STORE_UNREACHABLE", "", "Check the disk"];
  }
}
