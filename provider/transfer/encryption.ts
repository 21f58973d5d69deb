/**
 * Encryption in the age format (https://age-encryption.org/v1), as the `age` tool reads and writes it: a text header
 * that holds the file's key once for each recipient, then the payload in chunks of 64 KiB, each sealed with
 * ChaCha20-Poly1305 under a counter and a mark on the last. The age-encryption package makes and opens the header; the
 * payload goes through Node's own cipher, which is several times faster.
 */

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { SnapshotError } from "../errors";

const CIPHER = "chacha20-poly1305";
const CHUNK = 64 * 1024;
const TAG = 16;
const FILE_NONCE = 16;
/** No honest header is longer; what is longer is not read into memory. */
const MAX_HEADER = 1024 * 1024;

/**
 * Encrypts a stream for each of the recipients.
 *
 * @param recipients - `age1…` each, one at least
 * @throws SnapshotError `ARGUMENT_INVALID` for what is no recipient; the source's own failures as they are
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
  for await (const { bytes, last } of chunksOf(source, CHUNK)) {
    const cipher = createCipheriv(CIPHER, key, chunkNonce(counter++, last), { authTagLength: TAG });
    yield Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }
}

/**
 * Decrypts a stream. Each chunk is given only when it is authentic, but only the end tells that none is missing:
 * use nothing of it before.
 *
 * @param identities - `AGE-SECRET-KEY-…` each; any one that fits
 * @throws SnapshotError `DECRYPTION_FAILED`, or `ARGUMENT_INVALID` for what is no identity; the source's own failures
 *   as they are
 */
export async function* decrypt(
  source: AsyncIterable<Uint8Array>,
  identities: readonly string[],
): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const { header, rest } = await readHeader(chunks);
    const fileKey = await openHeader(header, identities);
    const { head: nonce, rest: payload } = await splitAt(FILE_NONCE, rest, chunks);
    const key = payloadKey(fileKey, nonce);
    let counter = 0;
    for await (const { bytes, last } of chunksOf(joined(payload, chunks), CHUNK + TAG)) {
      const opened = openChunk(key, chunkNonce(counter, last), bytes);
      // Only a file without content ends with an empty chunk.
      if (opened === undefined || (opened.length === 0 && counter > 0)) throw damaged();
      counter++;
      if (opened.length > 0) yield opened;
    }
  } finally {
    await chunks.return?.();
  }
}

/** @throws SnapshotError `ARGUMENT_INVALID` when there is none, or one that is not a recipient */
export async function checkRecipients(recipients: readonly string[]): Promise<void> {
  await encrypterFor(recipients);
}

/** @throws SnapshotError `ARGUMENT_INVALID` when there is none, or one that is not an identity; none is ever shown */
export async function checkIdentities(identities: readonly string[]): Promise<void> {
  await decrypterFor(identities);
}

/** The identities of an identity file, as `age-keygen` writes it: one a line, beside empty lines and comments. */
export function identitiesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

async function encrypterFor(recipients: readonly string[]) {
  if (recipients.length === 0) {
    throw invalid("encryption names no recipient", "Give one at least: age-keygen prints it as a public key, age1….");
  }
  const { Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  for (const [at, recipient] of recipients.entries()) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      throw invalid(`recipient ${at + 1} of ${recipients.length} is not an age recipient`, recipientHint(recipient));
    }
  }
  return encrypter;
}

function recipientHint(recipient: string): string {
  if (/^AGE-SECRET-KEY-/i.test(recipient)) {
    return "It is an identity, which is secret: give its public key, age1…, and keep the identity out of the program.";
  }
  if (recipient.startsWith("ssh-")) return "SSH keys are not supported: make a key pair with age-keygen.";
  return "A recipient is a public key that age-keygen prints, age1….";
}

async function decrypterFor(identities: readonly string[]) {
  if (identities.length === 0) {
    throw invalid("there is no identity to decrypt with", "Give one, AGE-SECRET-KEY-1…, or a file that holds it.");
  }
  const { Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  for (const [at, identity] of identities.entries()) {
    try {
      decrypter.addIdentity(identity);
    } catch {
      throw invalid(
        `identity ${at + 1} of ${identities.length} is not an age identity`,
        "An identity is what age-keygen writes, AGE-SECRET-KEY-1…; SSH keys and passphrases are not supported.",
      );
    }
  }
  return decrypter;
}

/** The header, and the key in it: the package gives that to anyone who asks as a recipient, and adds nothing. */
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

async function openHeader(header: Buffer, identities: readonly string[]): Promise<Uint8Array> {
  const decrypter = await decrypterFor(identities);
  try {
    return await decrypter.decryptHeader(header);
  } catch (error) {
    if (error instanceof Error && error.message.includes("no identity matched")) {
      throw new SnapshotError(
        "DECRYPTION_FAILED",
        "none of the identities given can decrypt it",
        "Give the identity of one of the recipients it was encrypted for.",
      );
    }
    throw damaged();
  }
}

async function readHeader(chunks: AsyncIterator<Uint8Array>): Promise<{ header: Buffer; rest: Buffer }> {
  let read = Buffer.alloc(0);
  for (;;) {
    const next = await chunks.next();
    if (next.done !== true) read = Buffer.concat([read, next.value]);
    if (!startsAsAge(read) || (next.done === true && read.length === 0)) throw notAge();
    const end = headerEnd(read);
    if (end !== undefined) return { header: read.subarray(0, end), rest: read.subarray(end) };
    if (next.done === true || read.length > MAX_HEADER) throw damaged();
  }
}

/** What every file in the age format begins with. */
export const INTRODUCTION = Buffer.from("age-encryption.org/v1\n");

function startsAsAge(read: Buffer): boolean {
  const length = Math.min(read.length, INTRODUCTION.length);
  return read.subarray(0, length).equals(INTRODUCTION.subarray(0, length));
}

/** The header's last line begins with `---`. */
function headerEnd(read: Buffer): number | undefined {
  const mac = read.indexOf("\n---");
  const end = mac === -1 ? -1 : read.indexOf("\n", mac + 1);
  return end === -1 ? undefined : end + 1;
}

async function splitAt(
  length: number,
  first: Buffer,
  chunks: AsyncIterator<Uint8Array>,
): Promise<{ head: Buffer; rest: Buffer }> {
  let read = first;
  while (read.length < length) {
    const next = await chunks.next();
    if (next.done === true) throw damaged();
    read = Buffer.concat([read, next.value]);
  }
  return { head: read.subarray(0, length), rest: read.subarray(length) };
}

/** A stream again, of which the beginning was read. */
export async function* joined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/**
 * Cuts a stream into chunks of one size; only the last is shorter, or empty if the stream is. A chunk's memory is used
 * again for the one after the next.
 */
async function* chunksOf(
  source: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<{ readonly bytes: Buffer; readonly last: boolean }> {
  let filling: Buffer = Buffer.allocUnsafeSlow(size);
  let full: Buffer | undefined;
  let spare: Buffer = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  for await (const chunk of source) {
    for (let taken = 0; taken < chunk.length; ) {
      // A full chunk is the last one until a byte comes after it.
      if (full !== undefined && filled === 0) {
        yield { bytes: full, last: false };
        spare = full;
        full = undefined;
      }
      const piece = chunk.subarray(taken, taken + size - filled);
      filling.set(piece, filled);
      taken += piece.length;
      filled += piece.length;
      if (filled === size) {
        full = filling;
        filling = spare;
        filled = 0;
      }
    }
  }
  yield { bytes: full ?? filling.subarray(0, filled), last: true };
}

function openChunk(key: Buffer, nonce: Buffer, sealed: Buffer): Buffer | undefined {
  if (sealed.length < TAG) return undefined;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG });
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  const opened = decipher.update(sealed.subarray(0, sealed.length - TAG));
  try {
    decipher.final();
    return opened;
  } catch {
    return undefined;
  }
}

function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32));
}

/** Eleven bytes of counter, of which the last four are enough for 256 TiB, and one that marks the last chunk. */
function chunkNonce(counter: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(counter, 7);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

function notAge(): SnapshotError {
  return new SnapshotError(
    "DECRYPTION_FAILED",
    "it is not encrypted in the age format",
    "If it is not encrypted at all, leave out the identities; if it is armoured, decrypt it with the age tool.",
  );
}

function damaged(): SnapshotError {
  return new SnapshotError(
    "DECRYPTION_FAILED",
    "the encrypted archive is damaged: it was changed or cut",
    "Use another archive, or another copy of this one.",
  );
}

function invalid(message: string, hint: string): SnapshotError {
  return new SnapshotError("ARGUMENT_INVALID", message, hint);
}
