/** Reads the source of a command: an archive, or Raft's `state.bin` with the `meta.json` beside it. */

import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MetaFile } from "../../provider/archive/meta";
import type { ArchiveReport, KvOptions } from "../../provider/archive/reader";
import { type ReadOptions, readWhole } from "../../provider/archive/readWhole";
import { StateWalker } from "../../provider/archive/state/stateReader";
import type { Inspected } from "../consulOutput/inspection";
import { decryptionOptions } from "../options/decryption";
import { commandVocabulary } from "../options/vocabulary";
import type { ArchiveSource } from "../../provider/contents/readRecords";
import { shown } from "../terminal/rows";
import { explained, isUrl, readSource } from "./source";
import { decryptIfEncrypted } from "../../provider/age/decrypt";
import { compact } from "../../provider/compact";
import { type Decryption, loadIdentities } from "../../provider/age/identities";
import { readSpecifiedFile } from "../../provider/specifiedFile";

/**
 * @param decryption - for an encrypted archive, from `decryptionOf`
 * @param received - called with the length of each piece as it is stored
 * @throws SnapshotError `ARCHIVE_*` when it is not valid, `STORE_*` when it cannot be read, `DECRYPTION_FAILED`
 */
export async function readArchive(
  name: string,
  decryption: Decryption,
  options: ReadOptions = {},
  received: (bytes: number) => void = () => undefined,
): Promise<ArchiveReport> {
  const sourceBytes = await sizeOf(name);
  const archive = decryptIfEncrypted(counted(readSource(name), received), { decryption });
  return readWhole(archive, compact({ ...options, sourceBytes }));
}

/** In bytes, of a file; what cannot be looked at fails when it is read. */
async function sizeOf(name: string): Promise<number | undefined> {
  if (name === "" || name === "-" || isUrl(name)) return undefined;
  return (await stat(name).catch(() => undefined))?.size;
}

/**
 * The identities of `--identity`, read once for all archives of a command: a pipe can be read only once.
 *
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function decryptionOf(identityFiles: readonly string[] = []): Promise<Decryption> {
  return loadIdentities({ identities: [], identityFiles, vocabulary: commandVocabulary(decryptionOptions) });
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  received: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    received(chunk.length);
    yield chunk;
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
    await readSpecifiedFile(beside).catch((error: unknown) => {
      throw explained(beside, error);
    }),
  );
  for await (const chunk of readSource(name)) walker.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
  return { meta: file.meta, state: walker.end() };
}

/**
 * @param name - a path, a URL or `-`
 * @param decryption - for an encrypted archive, from `decryptionOf`
 */
export function openArchive(name: string, decryption: Decryption): ArchiveSource {
  return { label: shown(name), open: () => decryptIfEncrypted(readSource(name), { decryption }) };
}
