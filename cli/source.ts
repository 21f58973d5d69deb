/** Where a command reads an archive from: a file, or standard input for `-`. */

import { createReadStream } from "node:fs";
import { SnapshotError } from "../provider/errors";

const CHUNK_BYTES = 256 * 1024;

/** @throws SnapshotError `STORE_NOT_FOUND`, `STORE_DENIED` or `ARGUMENT_INVALID`, while it is read */
export async function* readSource(name: string): AsyncGenerator<Buffer> {
  const stream = name === "-" ? process.stdin : createReadStream(name, { highWaterMark: CHUNK_BYTES });
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw explained(name, error);
  }
}

/** Says what the system's error means for a reader of files; any other error is as it was. */
export function explained(name: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new SnapshotError("STORE_NOT_FOUND", `there is no file ${name}`, "Check the path.", error);
  }
  if (code === "EACCES" || code === "EPERM") {
    return new SnapshotError("STORE_DENIED", `${name} may not be read`, "Check the file's owner and mode.", error);
  }
  if (code === "EISDIR") {
    return new SnapshotError("ARGUMENT_INVALID", `${name} is a folder`, "Name an archive in it.", error);
  }
  return error;
}
