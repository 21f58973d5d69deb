/**
 * A snapshot in the data directory of a Consul server: `raft/snapshots/TERM-INDEX-TIME/` with `meta.json` and `state.bin`, as
 * the FileSnapshotStore of hashicorp/raft writes it. Its meta.json contains the checksum of the state.
 */

import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { MetaFile, type SnapshotMeta } from "../archive/meta";
import { StateWalker } from "../archive/state/stateReader";
import { explain, isInvalidArchive, SnapshotError } from "../errors";
import { systemCode } from "../systemCode";
import { cleanText } from "../text";
import { Crc64 } from "./crc64";
import { readSpecifiedFile } from "../specifiedFile";
import { UnsuitableFile } from "../unsuitableFile";

export interface RaftSnapshot {
  readonly folder: string;
  readonly meta: SnapshotMeta;
  /** The meta.json of the archive: that of the folder without the checksum, which archives do not contain. */
  readonly metaJson: Buffer;
  /** CRC-64 of the state, big-endian. */
  readonly crc: Buffer;
  /** Size of the state, in bytes. */
  readonly size: number;
}

export interface FoundSnapshot {
  readonly snapshot: RaftSnapshot;
  /** Newer snapshots that are invalid, and why: one sentence each. */
  readonly skipped: readonly string[];
}

const CHUNK_BYTES = 1024 * 1024;
/** Raft writes to a folder with this suffix until the snapshot is complete. */
const UNFINISHED = ".tmp";

/**
 * Finds the newest valid snapshot in a data directory, in its `raft/snapshots`, or in the folder of one snapshot. Each state is
 * read to its end.
 *
 * @throws SnapshotError `STORE_NOT_FOUND` if there is none, `STORE_DENIED`, `ARCHIVE_*` or `STATE_UNDECODABLE` if all are
 *   invalid
 */
export async function findRaftSnapshot(folder: string, signal: AbortSignal): Promise<FoundSnapshot> {
  const candidates = await snapshotFolders(folder);
  if (candidates.length === 0) {
    throw new SnapshotError(
      "STORE_NOT_FOUND",
      `there is no snapshot of Raft in ${cleanText(folder)}`,
      "Use the data directory of a server (its -data-dir), or a folder in its raft/snapshots/.",
    );
  }
  const read: RaftSnapshot[] = [];
  const problems: { folder: string; error: unknown }[] = [];
  for (const candidate of candidates) {
    try {
      read.push(await readSnapshot(candidate));
    } catch (error) {
      problems.push({ folder: candidate, error });
    }
  }
  read.sort((one, other) => newerFirst(one.meta, other.meta));
  for (const snapshot of read) {
    try {
      await checkState(snapshot, signal);
      return {
        snapshot,
        skipped: problems.map((problem) => `${cleanText(basename(problem.folder))}: ${reasonOf(problem.error)}`),
      };
    } catch (error) {
      if (signal.aborted) throw error;
      problems.push({ folder: snapshot.folder, error });
    }
  }
  throw problems[0]?.error;
}

/** The bytes of the state. @throws SnapshotError `ARCHIVE_CHECKSUM` at the end, if they are not those that Raft wrote */
export async function* stateOf({ folder, crc, size }: RaftSnapshot): AsyncGenerator<Buffer> {
  const sum = new Crc64();
  let read = 0;
  for await (const chunk of bytesOf(join(folder, "state.bin"))) {
    sum.update(chunk);
    read += chunk.length;
    if (read > size) break;
    yield chunk;
  }
  if (read !== size || !sum.digest().equals(crc)) {
    throw new SnapshotError(
      "ARCHIVE_CHECKSUM",
      `the state in ${cleanText(folder)} is not what Raft wrote there: its checksum differs`,
      "The disk is faulty, or the file was changed. Use another snapshot, or the disk of another server.",
    );
  }
}

async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>;
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function snapshotFolders(folder: string): Promise<string[]> {
  if (await isSnapshot(folder)) return [folder];
  for (const place of [folder, join(folder, "snapshots"), join(folder, "raft", "snapshots")]) {
    const names = (await namesIn(place, place === folder)).filter((name) => !name.endsWith(UNFINISHED));
    const found: string[] = [];
    for (const name of names) if (await isSnapshot(join(place, name))) found.push(join(place, name));
    if (found.length > 0) return found;
  }
  return [];
}

/** An entry that cannot be examined counts as a snapshot, so that reading it reports why. */
async function isSnapshot(folder: string): Promise<boolean> {
  const exists = (name: string): Promise<boolean> =>
    stat(join(folder, name)).then(
      (found) => found.isFile(),
      (error: unknown) => !isMissing(error),
    );
  return (await exists("meta.json")) && (await exists("state.bin"));
}

async function namesIn(folder: string, isRequired: boolean): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (!isRequired && isMissing(error)) return [];
    throw unreadable(folder, error);
  }
}

async function readSnapshot(folder: string): Promise<RaftSnapshot> {
  const path = join(folder, "meta.json");
  const bytes = await readSpecifiedFile(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const file = new MetaFile();
  try {
    file.read(bytes);
  } catch (error) {
    throw isInvalidArchive(error) ? invalidMeta(folder) : error;
  }
  const { meta } = file;
  const state = join(folder, "state.bin");
  const { size } = await stat(state).catch((error: unknown) => {
    throw unreadable(state, error);
  });
  const { CRC: crc, ...others } = JSON.parse(bytes.toString("utf8")) as Record<string, unknown>;
  if (meta.version !== 1 || typeof crc !== "string" || Buffer.from(crc, "base64").length !== 8) {
    throw invalidMeta(folder);
  }
  if (meta.size !== size) {
    throw new SnapshotError(
      "ARCHIVE_TRUNCATED",
      `the state in ${cleanText(folder)} has ${size} bytes, and its meta.json says ${meta.size}`,
      "Use another snapshot in raft/snapshots/, or the disk of another server.",
    );
  }
  return { folder, meta, metaJson: Buffer.from(`${JSON.stringify(others)}\n`), crc: Buffer.from(crc, "base64"), size };
}

function invalidMeta(folder: string): SnapshotError {
  return new SnapshotError(
    "ARCHIVE_MALFORMED",
    `the meta.json in ${cleanText(folder)} is not one that Raft writes for Consul`,
    "Use another snapshot in raft/snapshots/, or the disk of another server.",
  );
}

async function checkState(snapshot: RaftSnapshot, signal: AbortSignal): Promise<void> {
  const walker = new StateWalker();
  for await (const chunk of stateOf(snapshot)) {
    signal.throwIfAborted();
    walker.push(chunk);
  }
  const { undecodable } = walker.end();
  if (undecodable === undefined) return;
  throw new SnapshotError(
    "STATE_UNDECODABLE",
    `the state in ${cleanText(snapshot.folder)} cannot be decoded at byte ${undecodable.offset}: ${undecodable.message}`,
    "Use another snapshot in raft/snapshots/, or the disk of another server.",
  );
}

function newerFirst(one: SnapshotMeta, other: SnapshotMeta): number {
  return other.term - one.term || other.index - one.index || (other.id > one.id ? 1 : -1);
}

function reasonOf(error: unknown): string {
  return error instanceof SnapshotError ? error.message : explain(error);
}

function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(systemCode(error));
}

function unreadable(path: string, error: unknown): SnapshotError {
  const name = cleanText(path);
  if (isMissing(error)) return new SnapshotError("STORE_NOT_FOUND", `there is no ${name}`, "Check the path.", error);
  const code = systemCode(error);
  const message = error instanceof UnsuitableFile ? error.message : `${name} cannot be read: ${code}`;
  if (code === "EACCES" || code === "EPERM") {
    const hint = "Run as the user that owns the data directory, or as root.";
    return new SnapshotError("STORE_DENIED", message, hint, error);
  }
  const hint = "Check the disk. Use another snapshot in raft/snapshots/, or the disk of another server.";
  return new SnapshotError("STORE_UNREACHABLE", message, hint, error);
}
