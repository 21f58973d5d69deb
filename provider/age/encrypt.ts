/**
 * Encryption in the age format (https://age-encryption.org/v1), as the `age` tool reads and writes it: a text header
 * that contains the file key once for each recipient, then the payload. The age-encryption package creates the header.
 */

import { randomBytes } from "node:crypto";
import { CHUNK, chunksOf, FILE_NONCE, payloadKey, sealChunk, TAG } from "./payload";
import { releaseBuffers } from "../collector";
import { encrypterFor } from "./recipients";

/** Sealed chunks per yielded piece: for the consumer, each piece costs about as much as sealing a chunk. */
const SEALED_AT_ONCE = 16;

/**
 * Encrypts a stream for all recipients. Each yielded piece is valid until the next one is requested.
 *
 * @param recipients - each `age1…`; at least one
 * @throws SnapshotError `ARGUMENT_INVALID` for an invalid recipient. Errors of the source are passed on unchanged.
 */
export async function* encrypt(
  source: AsyncIterable<Uint8Array>,
  recipients: readonly string[],
): AsyncGenerator<Uint8Array> {
  const { header, fileKey } = await sealHeader(recipients);
  const nonce = randomBytes(FILE_NONCE);
  yield Buffer.concat([header, nonce]);
  const key = payloadKey(fileKey, nonce);
  let counter = 0;
  const sealed = Buffer.allocUnsafeSlow(SEALED_AT_ONCE * (CHUNK + TAG));
  let filled = 0;
  for await (const chunk of chunksOf(source, CHUNK)) {
    filled = sealChunk(key, counter++, chunk, sealed, filled);
    // The cipher allocates a buffer for each chunk.
    releaseBuffers(chunk.bytes.length);
    if (!chunk.last && filled < sealed.length) continue;
    yield sealed.subarray(0, filled);
    filled = 0;
  }
}

/**
 * The header and the file key. The package does not return the key but passes it to every recipient, so an extra
 * recipient captures it and adds nothing to the header.
 */
async function sealHeader(recipients: readonly string[]): Promise<{ header: Buffer; fileKey: Buffer }> {
  const encrypter = await encrypterFor(recipients);
  let fileKey = Buffer.alloc(0);
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Buffer.from(key);
      return [];
    },
  });
  const whole = Buffer.from(await encrypter.encrypt(new Uint8Array(0)));
  return { header: whole.subarray(0, whole.length - FILE_NONCE - TAG), fileKey };
}
