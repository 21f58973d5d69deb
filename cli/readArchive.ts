/** Reads what a command was given: an archive, or Raft's own `state.bin` with the `meta.json` beside it. */

import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MetaFile } from "../provider/archive/meta";
import { ArchiveReader, type ArchiveReport, type KvOptions } from "../provider/archive/reader";
import { StateWalker } from "../provider/archive/records";
import type { Inspected } from "./inspection";
import { explained, isUrl, readSource } from "./source";
import { opened } from "../provider/transfer/opening";

/**
 * @param identityFiles - for an encrypted archive. Default: the one that the environment names
 * @throws SnapshotError `ARCHIVE_*` when it is not sound, `STORE_*` when it cannot be read, `DECRYPTION_FAILED`
 */
export async function readArchive(
  name: string,
  identityFiles: readonly string[] = [],
  kv?: KvOptions,
): Promise<ArchiveReport> {
  const reader = new ArchiveReader(kv === undefined ? {} : { kv });
  const opening = { decryption: { identities: [], identityFiles } };
  try {
    for await (const chunk of opened(readSource(name), opening)) await reader.write(chunk);
    return await reader.end();
  } finally {
    reader.destroy();
  }
}

/** Whether Consul would take the file for one of Raft's, which is not packed. */
export function isRawState(name: string): boolean {
  return !isUrl(name) && basename(name).toLowerCase() === "state.bin";
}

/** @throws SnapshotError as `readArchive` does */
export async function readRawState(name: string, kv?: KvOptions): Promise<Inspected> {
  const beside = join(dirname(name), "meta.json");
  const file = new MetaFile();
  const walker = new StateWalker(kv);
  file.read(
    await readFile(beside).catch((error: unknown) => {
      throw explained(beside, error);
    }),
  );
  for await (const chunk of readSource(name)) walker.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
  return { meta: file.meta, state: walker.end() };
}
