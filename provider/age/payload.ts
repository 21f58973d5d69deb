/**
 * The payload of a file in the age format: chunks of 64 KiB, each sealed with ChaCha20-Poly1305; the nonce is a counter
 * and a flag for the last chunk (https://age-encryption.org/v1). Node's own cipher is several times faster than the
 * age-encryption package.
 */

import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

const CIPHER = "chacha20-poly1305";
/** Size of a chunk before it is sealed, in bytes. */
export const CHUNK = 64 * 1024;
/** Bytes that sealing adds to each chunk. */
export const TAG = 16;
/** Size of the nonce between header and payload, in bytes. */
export const FILE_NONCE = 16;

export interface Chunk {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32));
}

/**
 * Seals a chunk into `target`, starting at `at`.
 *
 * @returns the end of the sealed chunk in `target`
 */
export function sealChunk(key: Buffer, counter: number, { bytes, last }: Chunk, target: Buffer, at: number): number {
  const cipher = createCipheriv(CIPHER, key, chunkNonce(counter, last), { authTagLength: TAG });
  target.set(cipher.update(bytes), at);
  cipher.final();
  target.set(cipher.getAuthTag(), at + bytes.length);
  return at + bytes.length + TAG;
}

/** @returns `undefined` if the chunk is not authentic */
export function openChunk(key: Buffer, counter: number, { bytes, last }: Chunk): Buffer | undefined {
  if (bytes.length < TAG) return undefined;
  const decipher = createDecipheriv(CIPHER, key, chunkNonce(counter, last), { authTagLength: TAG });
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
  const opened = decipher.update(bytes.subarray(0, bytes.length - TAG));
  try {
    decipher.final();
    return opened;
  } catch {
    return undefined;
  }
}

/** Eleven bytes of counter, then a byte that marks the last chunk. Four bytes of the counter are enough for 256 TiB. */
function chunkNonce(counter: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(counter, 7);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/**
 * Splits a stream into chunks of equal size; only the last may be shorter, or empty if the stream is empty. Each chunk
 * is valid until the next one is requested: most are views of the source's own pieces, and only a chunk that spans two
 * pieces is copied.
 */
export async function* chunksOf(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Chunk> {
  const held = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  for await (const piece of source) {
    let taken = 0;
    if (filled > 0) {
      taken = Math.min(size - filled, piece.length);
      held.set(piece.subarray(0, taken), filled);
      filled += taken;
      // A full chunk may be the last one, so wait until another byte arrives.
      if (taken === piece.length) continue;
      yield { bytes: held, last: false };
    }
    for (; piece.length - taken > size; taken += size) {
      yield { bytes: piece.subarray(taken, taken + size), last: false };
    }
    held.set(piece.subarray(taken));
    filled = piece.length - taken;
  }
  yield { bytes: held.subarray(0, filled), last: true };
}
