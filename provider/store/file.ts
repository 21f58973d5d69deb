/**
 * Archives as files. A file is written beside its final name (`.consul-snapshot-<random>.partial`, mode 0600), made
 * durable, and only then linked to it; `link` never replaces, so two writers cannot both win.
 */

import { createHash, randomBytes } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, link, mkdir, open, opendir, rename, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { SnapshotError } from "../errors";
import { untilAborted } from "./parts";
import type { DeleteOptions, PutOptions, ReadOptions, Store, StoredObject } from "./store";

const PARTIAL = /^\.consul-snapshot-[0-9a-f]{16}\.partial$/;
const DAY_MS = 24 * 60 * 60 * 1000;
const READ_CHUNK = 256 * 1024;

/**
 * A store whose keys are absolute paths, written with `/`.
 *
 * @param makeLink - as `link` of `node:fs/promises`; some filesystems have none
 * @param replace - as its `rename`
 */
export function fileStore(makeLink: typeof link = link, replace: typeof rename = rename): Store {
  const put: Store["put"] = (key, source, options) => write(key, source, options, makeLink, replace);
  return { locate: native, put, head, read, list, delete: remove, sweep, close: () => undefined };
}

async function write(
  key: string,
  source: AsyncIterable<Uint8Array>,
  options: PutOptions = {},
  makeLink: typeof link,
  replace: typeof rename,
): Promise<StoredObject> {
  const path = native(key);
  if (options.signal?.aborted === true) throw interrupted(path);
  const folder = dirname(path);
  const firstMade = await failing(folder, () => makeFolders(folder));
  const partial = join(folder, `.consul-snapshot-${randomBytes(8).toString("hex")}.partial`);
  try {
    if (options.overwrite !== true && (await head(key)) !== undefined) throw exists(path);
    const handle = await failing(path, () => open(partial, "wx", 0o600));
    let own: BigIntStats;
    try {
      await writeAll(handle, path, source, options.signal);
      await failing(path, () => handle.sync());
      own = await failing(path, () => handle.stat({ bigint: true }));
    } finally {
      await handle.close();
    }
    await failing(path, () =>
      options.overwrite === true ? replace(partial, path) : linkWithoutClobber(partial, path, makeLink),
    );
    const there = await failing(path, () => stat(path, { bigint: true }));
    // Another writer may have replaced it at once; a link cannot be.
    if (options.overwrite === true && (there.ino !== own.ino || there.size !== own.size)) throw changed(path);
    await syncFolders(folder, firstMade);
    return described(key, there);
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    if (firstMade !== undefined) await removeEmptyFolders(folder, firstMade);
    throw error;
  }
}

/** Gives the topmost folder that had to be made, if any. */
async function makeFolders(folder: string): Promise<string | undefined> {
  try {
    return await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    // Said of a file where a folder should be.
    throw codeOf(error) === "EEXIST" ? Object.assign(new Error("not a folder"), { code: "ENOTDIR" }) : error;
  }
}

async function writeAll(
  handle: FileHandle,
  path: string,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    for await (const chunk of signal === undefined ? source : untilAborted(source, signal)) {
      for (let done = 0; done < chunk.length; ) {
        done += (await failing(path, () => handle.write(chunk, done, chunk.length - done))).bytesWritten;
      }
    }
  } catch (error) {
    throw signal?.aborted === true ? interrupted(path) : error;
  }
}

/** Gives the finished file its name, or fails when the name is taken. */
async function linkWithoutClobber(partial: string, path: string, makeLink: typeof link): Promise<void> {
  try {
    await makeLink(partial, path);
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(codeOf(error))) throw error;
    return renameWithClaim(partial, path);
  }
  await unlink(partial);
}

/** For filesystems without hard links: whoever makes the claim file may look and rename, and nobody else. */
async function renameWithClaim(partial: string, path: string): Promise<void> {
  // Named like an unfinished write: no listing shows it, and `sweep` takes one that a killed writer left.
  const name = createHash("sha256").update(path).digest("hex").slice(0, 16);
  const claim = join(dirname(path), `.consul-snapshot-${name}.partial`);
  const handle = await open(claim, "wx", 0o600);
  try {
    if (await present(path)) throw Object.assign(new Error("exists"), { code: "EEXIST" });
    await rename(partial, path);
  } finally {
    await handle.close();
    await unlink(claim);
  }
}

async function present(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function head(key: string): Promise<StoredObject | undefined> {
  const path = native(key);
  try {
    const found = await stat(path, { bigint: true });
    if (!found.isFile()) {
      throw new SnapshotError("TARGET_INVALID", `${path} is not a file`, "Choose another name for the archive.");
    }
    return described(key, found);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw translated(error, path);
  }
  await failing(dirname(path), () => stat(dirname(path)));
  return undefined;
}

async function* read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
  const path = native(key);
  const handle = await failing(path, () => open(path, constants.O_RDONLY));
  try {
    await stillThere(handle, path, options.version);
    let position = options.start ?? 0;
    const end = options.length === undefined ? Number.POSITIVE_INFINITY : position + options.length;
    while (position < end) {
      if (options.signal?.aborted === true) throw interrupted(path);
      // A new buffer for each chunk: the reader of the one before may still hold it.
      const buffer = Buffer.allocUnsafe(Math.min(READ_CHUNK, end - position));
      const { bytesRead } = await failing(path, () => handle.read(buffer, 0, buffer.length, position));
      if (bytesRead === 0) break;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    await stillThere(handle, path, options.version);
  } finally {
    await handle.close();
  }
}

async function stillThere(handle: FileHandle, path: string, version: string | undefined): Promise<void> {
  if (version === undefined) return;
  if (versionOf(await failing(path, () => handle.stat({ bigint: true }))) !== version) throw changed(path);
}

/** A prefix may end within a name: every file below its folder whose path begins with it. */
async function* list(prefix: string): AsyncGenerator<StoredObject> {
  const start = native(prefix);
  const folder = prefix.endsWith("/") ? start : dirname(start);
  for await (const path of filesBelow(folder, start)) {
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    if (found?.isFile() === true) yield described(path.split(sep).join("/"), found);
  }
}

/** Those whose path begins with `start`; a folder where there can be none is not looked into. */
async function* filesBelow(folder: string, start: string): AsyncGenerator<string> {
  const entries = await failing(folder, () => opendir(folder));
  for await (const entry of entries) {
    const path = join(folder, entry.name);
    if (!path.startsWith(start)) continue;
    if (entry.isDirectory()) yield* filesThatMayBeSeen(path, start);
    else if (!PARTIAL.test(entry.name)) yield path;
  }
}

/** A folder below that denies this user (such as `lost+found`) holds nothing for it. */
async function* filesThatMayBeSeen(folder: string, start: string): AsyncGenerator<string> {
  try {
    yield* filesBelow(folder, start);
  } catch (error) {
    if (!(error instanceof SnapshotError && error.code === "STORE_DENIED")) throw error;
  }
}

async function remove(key: string, options: DeleteOptions = {}): Promise<void> {
  const path = native(key);
  if (options.version !== undefined) {
    const found = await head(key);
    if (found === undefined) return;
    if (found.version !== options.version) throw changed(path);
  }
  await failing(path, () => unlink(path)).catch((error: unknown) => {
    if (!(error instanceof SnapshotError && error.code === "STORE_NOT_FOUND")) throw error;
  });
}

async function sweep(key: string): Promise<void> {
  const folder = dirname(native(key));
  const names = await opendir(folder).catch(() => undefined);
  if (names === undefined) return;
  for await (const { name } of names) {
    if (!PARTIAL.test(name)) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > DAY_MS) await unlink(path).catch(() => undefined);
  }
}

/**
 * A name survives a power cut only once its folder, and every folder made for it, is durable. As far as that can be
 * asked for: not every filesystem knows it, and a folder that may be written need not be readable.
 */
async function syncFolders(folder: string, firstMade: string | undefined): Promise<void> {
  if (process.platform === "win32") return;
  const top = firstMade === undefined ? folder : dirname(firstMade);
  for (let at = folder; ; at = dirname(at)) {
    const handle = await open(at, constants.O_RDONLY).catch(() => undefined);
    await handle?.sync().catch(() => undefined);
    await handle?.close();
    if (at === top || at === dirname(at)) return;
  }
}

async function removeEmptyFolders(folder: string, firstMade: string): Promise<void> {
  for (let at = folder; !relative(firstMade, at).startsWith(".."); at = dirname(at)) {
    if (
      !(await rmdir(at).then(
        () => true,
        () => false,
      ))
    )
      return;
  }
}

function described(key: string, stats: BigIntStats): StoredObject {
  return { key, size: Number(stats.size), version: versionOf(stats), modified: new Date(Number(stats.mtimeMs)) };
}

function versionOf(stats: BigIntStats): string {
  return `${stats.ino}-${stats.size}-${stats.mtimeNs}`;
}

function native(key: string): string {
  return key.split("/").join(sep);
}

async function failing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translated(error, path);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

function translated(error: unknown, path: string): unknown {
  if (error instanceof SnapshotError) return error;
  switch (codeOf(error)) {
    case "EEXIST":
      return exists(path);
    case "ENOENT":
      return new SnapshotError("STORE_NOT_FOUND", `${path} is not there`, "Check the path.", error);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new SnapshotError(
        "STORE_DENIED",
        `${path} cannot be used: permission denied, or the filesystem is read-only`,
        "Choose a folder that the user running pulumi may write to.",
        error,
      );
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new SnapshotError(
        "STORE_FULL",
        `${path} cannot be written: the disk is full, or a size limit is reached`,
        "Free some space, or choose a target with more of it. Nothing of this snapshot was left behind.",
        error,
      );
    case "ENOTDIR":
    case "EISDIR":
    case "ENAMETOOLONG":
    case "ELOOP":
      return new SnapshotError(
        "TARGET_INVALID",
        `${path} cannot be an archive: ${codeOf(error)}`,
        "A part of the path is a file where a folder is needed, a folder where a file is, or too long a name.",
        error,
      );
    case "":
      return error;
    default:
      return new SnapshotError(
        "STORE_UNREACHABLE",
        `${path}: ${codeOf(error)}`,
        "Check the disk and try again.",
        error,
      );
  }
}

function exists(path: string): SnapshotError {
  return new SnapshotError(
    "STORE_EXISTS",
    `${path} exists already`,
    "An archive is never overwritten: use {random} or {timestamp} in the name, or set overwrite: true.",
  );
}

function changed(path: string): SnapshotError {
  return new SnapshotError(
    "STORE_CHANGED",
    `${path} has changed`,
    "Something else wrote to it: look before you go on.",
  );
}

function interrupted(path: string): SnapshotError {
  return new SnapshotError("INTERRUPTED", `writing ${path} was interrupted`, "Nothing was left behind; run it again.");
}
