/** A sound archive of any size, made as it is read: nothing of it is ever held. */

import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";

const VALUE_BYTES = 32 * 1024;
const TAR_BLOCK = 512;
/** Values are slices of this at changing offsets: different, and nothing that gzip could shrink. */
const POOL = randomBytes(4 * 1024 * 1024);

/** @param stateBytes - about how large `state.bin` shall be; the archive is a little larger, for it is not compressed */
export function generatedArchive(stateBytes: number): Readable {
  return Readable.from(tar(stateBytes)).pipe(createGzip({ level: 0, chunkSize: 256 * 1024 }));
}

function* tar(stateBytes: number): Generator<Buffer> {
  const records = Math.ceil(stateBytes / VALUE_BYTES);
  const head = Buffer.concat([map(1), text("LastIndex"), integer(records + 10)]);
  const tail = Buffer.concat([Buffer.from([29]), map(1), text("ChunkMap"), map(0)]);
  const size = head.length + tail.length + records * record(0).length;
  const meta = Buffer.from(
    `${JSON.stringify({
      Version: 1,
      ID: `2-${records + 10}-1795469451610`,
      Index: records + 10,
      Term: 2,
      Peers: "",
      Configuration: { Servers: [{ Suffrage: 0, ID: "a-server", Address: "127.0.0.1:8300" }] },
      ConfigurationIndex: 1,
      Size: size,
    })}\n`,
  );
  yield* member("meta.json", meta);
  const hash = createHash("sha256");
  const hashed = (bytes: Buffer): Buffer => {
    hash.update(bytes);
    return bytes;
  };
  yield header("state.bin", size);
  yield hashed(head);
  for (let at = 0; at < records; at++) yield hashed(record(at));
  yield hashed(tail);
  yield padding(size);
  const sum = createHash("sha256").update(meta).digest("hex");
  yield* member("SHA256SUMS", Buffer.from(`${sum}  meta.json\n${hash.digest("hex")}  state.bin\n`));
  yield Buffer.alloc(2 * TAR_BLOCK);
}

/** A KVS record, as Consul 1.13 writes it. */
function record(at: number): Buffer {
  const value = POOL.subarray((at * 4099) % (POOL.length - VALUE_BYTES)).subarray(0, VALUE_BYTES);
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

function* member(name: string, content: Buffer): Generator<Buffer> {
  yield header(name, content.length);
  yield content;
  yield padding(content.length);
}

function padding(size: number): Buffer {
  return Buffer.alloc((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK);
}

function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(TAR_BLOCK);
  block.write(name, 0);
  block.write("0000600\0" + "0000000\0" + "0000000\0", 100);
  // More than 8 GiB does not fit eleven octal digits; then the number is written in base 256.
  if (size < 8 ** 11) block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  else {
    block.writeUInt8(0x80, 124);
    block.writeBigUInt64BE(BigInt(size), 128);
  }
  block.write("00000000000\0", 136);
  block.write("        0", 148);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
