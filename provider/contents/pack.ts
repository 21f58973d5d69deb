/** Creates an archive, in Consul's format, from a snapshot that Raft left on a disk. */

import { createHash } from "node:crypto";
import { pipeline as connect, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import { type RaftSnapshot, stateOf } from "./raftSnapshot";

/** The mode that Consul uses: only the owner may read the unpacked files. */
const MODE = 0o600;

/**
 * @returns the bytes of the archive, created as they are read
 * @throws SnapshotError `ARCHIVE_CHECKSUM` during reading
 */
export function packedArchive(snapshot: RaftSnapshot): AsyncIterable<Uint8Array> {
  const tar = pack();
  writeMembers(tar, snapshot).catch((error: unknown) => tar.destroy(error as Error));
  // The reader receives failures through its own stream.
  return connect(tar, createGzip(), () => undefined);
}

async function writeMembers(tar: Pack, snapshot: RaftSnapshot): Promise<void> {
  const { metaJson, size } = snapshot;
  const hash = createHash("sha256");
  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const chunk of stateOf(snapshot)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  tar.entry({ name: "meta.json", mode: MODE }, metaJson);
  await pipeline(Readable.from(hashed(), { objectMode: false }), tar.entry({ name: "state.bin", mode: MODE, size }));
  const sums = `${createHash("sha256").update(metaJson).digest("hex")}  meta.json\n${hash.digest("hex")}  state.bin\n`;
  tar.entry({ name: "SHA256SUMS", mode: MODE }, sums);
  tar.finalize();
}
