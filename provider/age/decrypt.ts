/** Reads an archive from a store or a file, either as Consul made it or encrypted in the age format. */

import { SnapshotError } from "../errors";
import { ARMOR_BEGIN, readArmor } from "./armor";
import { type Decryption, decrypterFor, isPluginIdentity, readIdentities } from "./identities";
import { CHUNK, chunksOf, FILE_NONCE, openChunk, payloadKey, TAG } from "./payload";

/** No valid header is longer, so a longer one is not read into memory. */
const MAX_HEADER = 1024 * 1024;

/** The first bytes of every file in the age format. */
const INTRODUCTION = Buffer.from("age-encryption.org/v1\n");
/** At most this much whitespace before the armor is ignored. */
const MAX_BLANKS = 1024;

type Form = "age" | "armor" | "other" | "unknown";

export interface DecryptOptions {
  readonly decryption: Decryption;
  /** Called once, before the first byte. */
  readonly whenKnown?: (encrypted: boolean) => void;
}

/**
 * Yields the archive in a stream, decrypted if its first bytes show that it is encrypted. Do not use any of it before
 * the stream has ended.
 *
 * @throws SnapshotError `DECRYPTION_FAILED`, also if there is no identity; `ARGUMENT_INVALID` for a file without an
 * identity. Errors of the source are passed on unchanged.
 */
export async function* decryptIfEncrypted(
  source: AsyncIterable<Uint8Array>,
  { decryption, whenKnown }: DecryptOptions,
): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const { form, whole } = await readForm(chunks);
    const encrypted = form === "age" || form === "armor";
    whenKnown?.(encrypted);
    if (!encrypted) yield* whole;
    else yield* decryptAs(form, whole, await readIdentities(decryption, process.env));
  } finally {
    await chunks.return?.();
  }
}

/**
 * Passes the bytes of an encrypted stream through, still encrypted.
 *
 * @param notEncrypted - creates the error that is thrown, before the first byte, if the stream is not encrypted
 * @throws SnapshotError including errors of the source
 */
export async function* encryptedBytes(
  source: AsyncIterable<Uint8Array>,
  notEncrypted: () => SnapshotError,
): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const { form, whole } = await readForm(chunks);
    if (form !== "age" && form !== "armor") throw notEncrypted();
    yield* whole;
  } finally {
    await chunks.return?.();
  }
}

/**
 * Decrypts a stream, armored or not. Each chunk is authenticated before it is yielded, but only the end of the stream
 * proves that no chunk is missing: do not use any of it before then.
 *
 * @param identities - each `AGE-SECRET-KEY-…`; one of them must match
 * @throws SnapshotError `DECRYPTION_FAILED`, or `ARGUMENT_INVALID` for an invalid identity. Errors of the source are
 * passed on unchanged.
 */
export async function* decrypt(
  source: AsyncIterable<Uint8Array>,
  identities: readonly string[],
): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const { form, whole } = await readForm(chunks);
    yield* decryptAs(form, whole, identities);
  } finally {
    await chunks.return?.();
  }
}

async function* decryptAs(
  form: Form,
  source: AsyncIterable<Uint8Array>,
  identities: readonly string[],
): AsyncGenerator<Uint8Array> {
  const chunks = (form === "armor" ? readArmor(source) : source)[Symbol.asyncIterator]();
  try {
    const { header, rest } = await readHeader(chunks);
    const fileKey = await openHeader(header, identities);
    const { head: nonce, rest: payload } = await splitAt(FILE_NONCE, rest, chunks);
    const key = payloadKey(fileKey, nonce);
    let counter = 0;
    for await (const chunk of chunksOf(prepend(payload, chunks), CHUNK + TAG)) {
      const opened = openChunk(key, counter, chunk);
      // The last chunk may be empty only if the file has no content.
      if (opened === undefined || (opened.length === 0 && counter > 0)) throw damaged();
      counter++;
      if (opened.length > 0) yield opened;
    }
  } finally {
    await chunks.return?.();
  }
}

/** Reads enough of a stream to detect its form. @returns the form, and the whole stream */
async function readForm(
  chunks: AsyncIterator<Uint8Array>,
): Promise<{ readonly form: Form; readonly whole: AsyncIterable<Uint8Array> }> {
  let head = Buffer.alloc(0);
  while (formOf(head) === "unknown") {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return { form: formOf(head), whole: prepend(head, chunks) };
}

/** The form of a stream, by its first bytes; `unknown` if more bytes are needed. */
function formOf(head: Buffer): Form {
  if (beginsAs(head, INTRODUCTION)) return head.length >= INTRODUCTION.length ? "age" : "unknown";
  const text = head.toString("latin1", 0, MAX_BLANKS + ARMOR_BEGIN.length).trimStart();
  if (!ARMOR_BEGIN.startsWith(text.slice(0, ARMOR_BEGIN.length))) return "other";
  if (text.length >= ARMOR_BEGIN.length) return "armor";
  return head.length > MAX_BLANKS ? "other" : "unknown";
}

function beginsAs(head: Buffer, start: Buffer): boolean {
  const length = Math.min(head.length, start.length);
  return head.subarray(0, length).equals(start.subarray(0, length));
}

async function openHeader(header: Buffer, identities: readonly string[]): Promise<Uint8Array> {
  const decrypter = await decrypterFor(identities);
  try {
    return await decrypter.decryptHeader(header);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("no identity matched"))) throw damaged();
    const hint = "Use the identity of one of the recipients that it was encrypted for.";
    throw new SnapshotError(
      "DECRYPTION_FAILED",
      "none of the identities can decrypt the archive",
      identities.some(isPluginIdentity)
        ? `${hint} Identities of age plugins were passed over: they are not supported.`
        : hint,
    );
  }
}

async function readHeader(chunks: AsyncIterator<Uint8Array>): Promise<{ header: Buffer; rest: Buffer }> {
  let read = Buffer.alloc(0);
  for (;;) {
    const next = await chunks.next();
    if (next.done !== true) read = Buffer.concat([read, next.value]);
    if (!beginsAs(read, INTRODUCTION) || (next.done === true && read.length === 0)) throw notAge();
    const end = headerEnd(read);
    if (end !== undefined) return { header: read.subarray(0, end), rest: read.subarray(end) };
    if (next.done === true || read.length > MAX_HEADER) throw damaged();
  }
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

/** Puts the chunk that was already read back in front of the stream. */
async function* prepend(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function notAge(): SnapshotError {
  return new SnapshotError(
    "DECRYPTION_FAILED",
    "it is not encrypted in the age format",
    "If it is not encrypted at all, leave out the identities.",
  );
}

function damaged(): SnapshotError {
  return new SnapshotError(
    "DECRYPTION_FAILED",
    "the encrypted archive is damaged: it was changed or truncated",
    "Use another archive, or another copy of this one.",
  );
}
