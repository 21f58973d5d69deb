/**
 * Archives as files. A file is written beside its final name (`.consul-snapshot-<random>.partial`, mode 0600), made
 * durable, and only then linked to it. `link` never replaces a file, so only one of two writers wins.
 */

import { unlessAborted, untilAborted } from "../../abort";
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, link, mkdir, open, readlink, rename, rmdir, stat, unlink } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { SnapshotError, isCode } from "../../errors";
import { systemCode } from "../../systemCode";
import { entriesOf, readableEntriesOf } from "./entries";
import { deleteVersion, finishDeletions, unlessMissing } from "./deletion";
import { changed, danglingLink, exists, failing, interrupted, translated } from "./errors";
import { isHidden, isPartial, partialName } from "./hiddenNames";
import { linkWithoutClobber } from "./link";
import { addUnfinished, dropUnfinished } from "./unfinishedFiles";
import { versionOf } from "./version";
import { sha256Of } from "../sha256";
import type { DeleteOptions, PutOptions, ReadOptions, Store, StoredObject } from "../store";

const DAY_MS = 24 * 60 * 60 * 1000;
const READ_CHUNK = 256 * 1024;
/** For listings: number of parallel `stat` calls. */
const LOOKED_AT_ONCE = 16;
/** Node.js decodes each byte of a name that is not UTF-8 as this character; no file has the name that results. */
const REPLACEMENT = "\ufffd";

/**
 * A store whose keys are absolute paths, written with `/`.
 *
 * @param makeLink - as `link` of `node:fs/promises`; some file systems do not support it
 * @param replace - as `rename` of `node:fs/promises`
 */
export function fileStore(makeLink: typeof link = link, replace: typeof rename = rename): Store {
  const put: Store["put"] = (key, source, options) => write(key, source, options, makeLink, replace);
  const del: Store["delete"] = (key, options = {}) => remove(key, options, makeLink);
  return {
    locate: native,
    put,
    head,
    read,
    list,
    delete: del,
    sweep: (key) => sweep(key, makeLink),
    now,
    close: () => undefined,
  };
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
  const partial = join(folder, partialName());
  try {
    // Also with `overwrite`: renaming would put an archive in the place of a device such as /dev/null.
    if ((await head(key)) !== undefined && options.overwrite !== true) throw exists(path);
    const handle = await failing(path, () => open(partial, "wx", 0o600));
    addUnfinished(partial);
    let own: BigIntStats;
    try {
      await writeAll(handle, path, source, options.signal);
      await failing(path, () => handle.sync());
      own = await failing(path, () => handle.stat({ bigint: true }));
      await beforeVisible(path, options);
      await failing(path, () =>
        options.overwrite === true ? replace(partial, path) : linkWithoutClobber(partial, path, makeLink),
      );
    } catch (error) {
      await discard(handle, partial, path);
      throw error;
    } finally {
      dropUnfinished(partial);
      await handle.close();
    }
    const there = await failing(path, () => stat(path, { bigint: true }));
    // After a rename, another writer may already have replaced the file; a link cannot be replaced.
    if (options.overwrite === true && (there.ino !== own.ino || there.size !== own.size)) throw changed(path);
    await syncFolders(folder, firstMade);
    return described(key, there);
  } catch (error) {
    if (firstMade !== undefined) await removeEmptyFolders(folder, firstMade);
    throw error;
  }
}

/**
 * Creates a folder and its missing parents, one by one, and returns the topmost folder that it created, if any.
 *
 * Not with `recursive`: Node.js 20 then loops forever at full CPU if the parent exists and mkdir answers ENOENT, as in
 * /proc, under some automounters, and under a link to a folder that is not mounted.
 */
async function makeFolders(folder: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let at = folder; !(await isFolder(at)); at = dirname(at)) missing.push(at);
  let first: string | undefined;
  try {
    for (const at of missing.reverse()) {
      try {
        await mkdir(at, { mode: 0o700 });
        first ??= at;
      } catch (error) {
        // Another writer may have created it at the same time.
        if (systemCode(error) !== "EEXIST") throw error;
        if (!(await isFolder(at))) throw danglingLink(at, await readlink(at));
      }
    }
    return first;
  } catch (error) {
    if (first !== undefined) await removeEmptyFolders(dirname(missing.at(-1) ?? folder), first);
    throw error;
  }
}

/** Whether a folder exists. The root always does, so the search for missing folders ends there. */
async function isFolder(path: string): Promise<boolean> {
  if (path === dirname(path)) return true;
  try {
    if ((await stat(path)).isDirectory()) return true;
    throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
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

async function beforeVisible(path: string, options: PutOptions): Promise<void> {
  const { signal } = options;
  const step = options.beforeVisible?.() ?? Promise.resolve();
  try {
    await (signal === undefined ? step : unlessAborted(step, signal));
  } catch (error) {
    throw signal?.aborted === true ? interrupted(path) : error;
  }
}

/**
 * Removes an unfinished file. If its folder was moved in the meantime, its path no longer exists, so the file is
 * truncated: it may contain all secrets of a cluster.
 */
async function discard(handle: FileHandle, partial: string, path: string): Promise<void> {
  try {
    await unlink(partial);
  } catch {
    const own = await handle.stat().catch(() => undefined);
    const there = await stat(path).catch(() => undefined);
    // The file may have its final name even if the file system reported a failure: NFS does so if a response is lost.
    const isVisible = own === undefined || own.nlink > 1 || own.ino === there?.ino;
    if (!isVisible) await handle.truncate().catch(() => undefined);
  }
}

async function head(key: string): Promise<StoredObject | undefined> {
  const path = native(key);
  try {
    const found = await stat(path, { bigint: true });
    if (!found.isFile()) {
      throw new SnapshotError(
        "TARGET_INVALID",
        `${path} is not a file`,
        "Specify the path of a file, not of a folder, a named pipe or a device.",
      );
    }
    return described(key, found);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw translated(error, path);
  }
  await failing(dirname(path), () => stat(dirname(path)));
  return undefined;
}

async function* read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
  const path = native(key);
  const handle = await failing(path, () => open(path, constants.O_RDONLY));
  try {
    const size = await stillThere(handle, path, options.version);
    let position = options.start ?? 0;
    const end = options.length === undefined ? size : Math.min(size, position + options.length);
    while (position < end) {
      if (options.signal?.aborted === true) throw interrupted(path);
      // A new buffer for each chunk: the consumer may still use the previous one.
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

/** @returns the size of the file in that version; infinite if no version is specified */
async function stillThere(handle: FileHandle, path: string, version: string | undefined): Promise<number> {
  if (version === undefined) return Number.POSITIVE_INFINITY;
  const found = await failing(path, () => handle.stat({ bigint: true }));
  if (versionOf(found) !== version) throw changed(path);
  return Number(found.size);
}

/** Every file below the prefix's folder whose path begins with the prefix, which may end within a name. */
async function* list(prefix: string, onUnreadableName: () => void = () => undefined): AsyncGenerator<StoredObject> {
  const start = native(prefix);
  const folder = prefix.endsWith("/") ? start : dirname(start);
  const pending: Promise<StoredObject | undefined>[] = [];
  for await (const path of filesBelow(folder, start, onUnreadableName)) {
    pending.push(describedFile(path, onUnreadableName));
    if (pending.length < LOOKED_AT_ONCE) continue;
    const found = await pending.shift();
    if (found !== undefined) yield found;
  }
  for (const looking of pending) {
    const found = await looking;
    if (found !== undefined) yield found;
  }
}

/** Describes a file; `undefined` if it no longer exists, or if its name cannot be read. It never rejects. */
async function describedFile(path: string, onUnreadableName: () => void): Promise<StoredObject | undefined> {
  const found = await stat(path, { bigint: true }).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT" && basename(path).includes(REPLACEMENT)) onUnreadableName();
    return undefined;
  });
  return found?.isFile() === true ? described(path.split(sep).join("/"), found) : undefined;
}

/** Files whose path begins with `start`. A folder that cannot contain any is skipped. */
async function* filesBelow(folder: string, start: string, onUnreadableName: () => void): AsyncGenerator<string> {
  for await (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (!path.startsWith(start)) continue;
    if (entry.isDirectory()) yield* readableFiles(path, start, onUnreadableName);
    else if (!isHidden(entry.name)) yield path;
  }
}

/** A subfolder that this user may not read (such as `lost+found`), or whose name cannot be read, counts as empty. */
async function* readableFiles(folder: string, start: string, onUnreadableName: () => void): AsyncGenerator<string> {
  try {
    yield* filesBelow(folder, start, onUnreadableName);
  } catch (error) {
    if (isCode(error, "STORE_NOT_FOUND") && basename(folder).includes(REPLACEMENT)) onUnreadableName();
    else if (!isCode(error, "STORE_DENIED")) throw error;
  }
}

/** Deletes a file; with conditions, only if it still matches them. */
async function remove(key: string, { version, sha256 }: DeleteOptions, makeLink: typeof link): Promise<void> {
  const path = native(key);
  if (version === undefined && sha256 === undefined) {
    await failing(path, () => unlink(path)).catch(unlessMissing);
    return;
  }
  const found = await head(key);
  if (found === undefined) return;
  if (version !== undefined && found.version !== version) throw changed(path);
  const expected = version ?? found.version;
  if (sha256 !== undefined && (await sha256Of(read(key, { version: expected }))) !== sha256) throw changed(path);
  await deleteVersion(path, expected, makeLink);
}

async function sweep(key: string, makeLink: typeof link): Promise<void> {
  const folder = dirname(native(key));
  await finishDeletions(folder, makeLink);
  let time: number | undefined;
  for await (const { name } of readableEntriesOf(folder)) {
    if (!isPartial(name)) continue;
    time ??= (await now(key)).getTime();
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && time - found.mtimeMs > DAY_MS) await unlink(path).catch(() => undefined);
  }
}

/** The time of the file system, which may be a server's: creates a file and reads its time. */
async function now(key: string): Promise<Date> {
  const probe = join(dirname(native(key)), partialName());
  try {
    const handle = await open(probe, "wx", 0o600);
    addUnfinished(probe);
    try {
      return (await handle.stat()).mtime;
    } finally {
      await handle.close();
      await unlink(probe).finally(() => dropUnfinished(probe));
    }
  } catch {
    return new Date();
  }
}

/**
 * A name survives a power failure only when its folder, and every folder created for it, is durable. Errors are ignored:
 * not every file system supports it, and a folder may be writable without being readable.
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
  return {
    key,
    size: Number(stats.size),
    version: versionOf(stats),
    modified: new Date(Number(stats.mtimeMs)),
    changed: new Date(Number(stats.ctimeMs)),
  };
}

function native(key: string): string {
  return key.split("/").join(sep);
}
