/** A valid archive of any size, made as it is read: nothing of it is ever held. */

import { createHash, randomBytes } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { pipeline as piped } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Pack, pack } from "tar-stream";

const VALUE_BYTES = 32 * 1024;
/** Values are slices of this at changing offsets: different, and nothing that gzip could shrink. */
const POOL = randomBytes(4 * 1024 * 1024);

/** Records that are passed on together. */
const BATCH_BYTES = 256 * 1024;

/**
 * @param stateBytes - about how large `state.bin` shall be; the archive is a little larger, for it is not compressed
 * @param valueBytes - of each record's value, 32 at least. Default: 32 KiB
 */
export function generatedArchive(stateBytes: number, valueBytes = VALUE_BYTES): Readable {
  const tar = pack();
  writeMembers(tar, stateBytes, valueBytes).catch((error: unknown) => tar.destroy(error as Error));
  // A reader that goes away ends the writer too; a failure reaches the reader by the stream that it has.
  return pipeline(tar, createGzip({ level: 0, chunkSize: 256 * 1024 }), () => undefined);
}

async function writeMembers(tar: Pack, stateBytes: number, valueBytes: number): Promise<void> {
  const recordBytes = valueBytes === VALUE_BYTES ? VALUE_BYTES : record(0, valueBytes).length;
  const records = Math.ceil(stateBytes / recordBytes);
  const head = Buffer.concat([map(1), text("LastIndex"), integer(records + 10)]);
  const tail = Buffer.concat([Buffer.from([29]), map(1), text("ChunkMap"), map(0)]);
  const size = head.length + tail.length + records * record(0, valueBytes).length;
  const meta = `${JSON.stringify({
    Version: 1,
    ID: `2-${records + 10}-1795469451610`,
    Index: records + 10,
    Term: 2,
    Peers: "",
    Configuration: { Servers: [{ Suffrage: 0, ID: "a-server", Address: "127.0.0.1:8300" }] },
    ConfigurationIndex: 1,
    Size: size,
  })}\n`;
  tar.entry({ name: "meta.json", mode: 0o600 }, meta);
  const hash = createHash("sha256");
  function* state(): Generator<Buffer> {
    const inBatch = Math.max(1, Math.floor(BATCH_BYTES / recordBytes));
    for (let from = 0; from <= records + 1; from += inBatch) {
      const count = Math.min(inBatch, records + 2 - from);
      const batch = Array.from({ length: count }, (_, i) => {
        const at = from + i - 1;
        return at < 0 ? head : at < records ? record(at, valueBytes) : tail;
      });
      const bytes = Buffer.concat(batch);
      hash.update(bytes);
      yield bytes;
    }
  }
  await piped(Readable.from(state()), tar.entry({ name: "state.bin", mode: 0o600, size }));
  const sum = createHash("sha256").update(meta).digest("hex");
  tar.entry({ name: "SHA256SUMS", mode: 0o600 }, `${sum}  meta.json\n${hash.digest("hex")}  state.bin\n`);
  tar.finalize();
}

/** A KVS record, as Consul 1.13 writes it. */
function record(at: number, valueBytes: number): Buffer {
  const value = POOL.subarray((at * 4099) % (POOL.length - valueBytes)).subarray(0, valueBytes);
  return Buffer.concat([
    Buffer.from([2]),
    map(7),
    text("CreateIndex"),
    integer(at),
    text("Flags"),
    integer(0),
    text("Key"),
    text(`generated/${String(at % 1000).padStart(4, "0")}/${String(at).padStart(9, "0")}`),
    text("LockIndex"),
    integer(0),
    text("ModifyIndex"),
    integer(at),
    text("Session"),
    text(""),
    text("Value"),
    Buffer.from([0xda, value.length >> 8, value.length & 0xff]),
    value,
  ]);
}

/** The old msgpack of Consul: strings and bytes alike are raw. All integers have one width here, so all records do. */
function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5, 0xce);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

function text(value: string): Buffer {
  return value.length < 32
    ? Buffer.concat([Buffer.from([0xa0 | value.length]), Buffer.from(value)])
    : Buffer.concat([Buffer.from([0xda, value.length >> 8, value.length & 0xff]), Buffer.from(value)]);
}

function map(entries: number): Buffer {
  return Buffer.from([0x80 | entries]);
}
