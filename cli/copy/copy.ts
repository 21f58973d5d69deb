/** `consul-snapshot copy`: copies an archive with its manifest to another place, and verifies it on the way. */

import { createHash } from "node:crypto";
import { decryptIfEncrypted, encryptedBytes } from "../../provider/age/decrypt";
import type { Decryption } from "../../provider/age/identities";
import { checkRecipients } from "../../provider/age/recipients";
import { openReader } from "../../provider/archive/thread/openReader";
import { type Manifest, readManifest } from "../../provider/catalog/manifest";
import { originOf } from "../../provider/catalog/newManifest";
import { compact } from "../../provider/compact";
import { SnapshotError } from "../../provider/errors";
import { encryptedName, isEncryptedName } from "../../provider/save/encrypt";
import { publish, publishAsIs, unixNanoseconds } from "../../provider/save/publish";
import { openVerifiedStream } from "../../provider/save/verifiedStream";
import { withStore } from "../../provider/store/backends";
import { formatLocation, type Location, parseLocation, parseSource, samePlace } from "../../provider/store/location";
import { checkTemplate, folderOf, hasPlaceholders } from "../../provider/store/nameTemplate";
import type { Store, StoredObject } from "../../provider/store/store";
import { megabytes } from "../../provider/units";
import type { CommandIo } from "../description/command";
import { usageError } from "../description/usageError";
import { decryptionOf } from "../source/readArchive";
import { checkPlainName } from "../source/plainName";
import { recordOn } from "../source/recordOn";
import { requireArchive } from "../source/source";
import { interruptibleOn } from "../terminal/interruption";
import { jsonText } from "../terminal/json";
import { type Progress, verifyingOn } from "../terminal/progress";
import { composed, sentence } from "../../provider/text";
import { shown } from "../terminal/rows";
import type { CopyOptions } from "./options";

/** The owner of a copy whose source has no manifest. */
const OWNER = { organization: "consul-snapshot", project: "command", stack: "default", name: "copy" };

/**
 * @returns the exit code
 * @throws SnapshotError `ARGUMENT_INVALID`, `TARGET_INVALID`, `ARCHIVE_*`, `DECRYPTION_FAILED`, `STORE_*`, `INTERRUPTED`
 */
export async function copy(source: string, target: string, options: CopyOptions, io: CommandIo): Promise<number> {
  const { recipient, decrypt = false } = options;
  if (recipient !== undefined) await checkRecipients(recipient);
  if (recipient !== undefined && decrypt) {
    throw usageError(
      "--decrypt and --recipient contradict each other",
      "Use one: --recipient encrypts for other keys.",
    );
  }
  if (source === "-")
    throw usageError("an archive on standard input cannot be copied", "It has no manifest: use a path or a URL.");
  const from = parseSource(source);
  const decryption = await decryptionOf(options.identity);
  const manifest = await interruptibleOn(io.errors, "nothing was copied", (progress) =>
    withStore(from, async (origin) => {
      const written = await readManifest(origin, from.key);
      const to = namedTarget(parseLocation(target), target, from, decrypt);
      const staysEncrypted = written?.encrypted === true && recipient === undefined && !decrypt;
      const stored = recipient === undefined && !staysEncrypted ? to : { ...to, key: encryptedName(to.key) };
      if (samePlace(from, stored)) throw usageError("the copy would replace its source", "Choose another target.");
      return withStore(to, async (destination) => {
        if (staysEncrypted) requireWholeName(stored);
        const object = await requireArchive(origin, from, progress.signal);
        const { overwrite = false } = options;
        const transfer = { origin, from, object, destination, to: stored, overwrite, progress };
        if (staysEncrypted) return transferAsIs(transfer, written);
        return transferVerified({ ...transfer, to }, written, decryption, options);
      });
    }),
  );
  const { location, encrypted, sha256, storedSize, series } = manifest;
  io.output.write(
    options.format === "json"
      ? jsonText({ location, series, sha256, storedSize, encrypted })
      : composed`${shown(location)}: copied and verified (${sentence`${megabytes(storedSize)}${encrypted ? ", encrypted" : ""}`})\n`,
  );
  return 0;
}

/** In a folder, the archive keeps its name, but without `.age` if it is decrypted. */
function namedTarget(target: Location, typed: string, from: Location, decrypt: boolean): Location {
  const folder = folderOf(typed, target.key);
  if (folder !== undefined) {
    const name = from.key.slice(from.key.lastIndexOf("/") + 1);
    const kept = decrypt && isEncryptedName(name) ? name.slice(0, -".age".length) : name;
    return { ...target, key: folder + kept };
  }
  // A fixed name is what a copy has: it is checked for unknown placeholders only.
  checkTemplate(target, true);
  return target;
}

interface Transfer {
  readonly origin: Store;
  readonly from: Location;
  readonly object: StoredObject;
  readonly destination: Store;
  readonly to: Location;
  readonly overwrite: boolean;
  readonly progress: Progress;
}

function requireWholeName({ key }: Location): void {
  if (!hasPlaceholders(key)) return;
  throw usageError(
    "an encrypted archive is copied to a name without placeholders",
    "Write the whole name, or a folder.",
  );
}

/** Copies without decrypting: the manifest's digest verifies the bytes, so no identity is needed. */
async function transferAsIs(
  { origin, from, object, destination, to, overwrite, progress }: Transfer,
  written: Manifest,
): Promise<Manifest> {
  const { signal } = progress;
  const received = verifyingOn(progress, object.size);
  const manifest = { ...written, location: formatLocation(to) };
  const hash = createHash("sha256");
  let done = 0;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    const stored = origin.read(from.key, { version: object.version, signal });
    const notEncrypted = (): SnapshotError => replaced("the archive is not encrypted, and so");
    for await (const piece of encryptedBytes(stored, notEncrypted)) {
      hash.update(piece);
      done += piece.length;
      received(piece.length);
      yield piece;
    }
    if (done !== written.storedSize || hash.digest("hex") !== written.storedSha256)
      throw replaced("the encrypted archive is");
  }
  const copied = await publishAsIs(destination, bytes(), to.key, manifest, { overwrite, signal });
  await recordOn(progress, destination, copied, manifest);
  return manifest;
}

async function transferVerified(
  { origin, from, object, destination, to, overwrite, progress }: Transfer,
  written: Manifest | undefined,
  decryption: Decryption,
  { recipient, decrypt = false }: CopyOptions,
): Promise<Manifest> {
  const { signal } = progress;
  const received = verifyingOn(progress, object.size);
  const stored = origin.read(from.key, { version: object.version, signal });
  const whenKnown = (encrypted: boolean): void => {
    if (encrypted && recipient === undefined && !decrypt) {
      throw written === undefined ? encryptedSource(from) : replaced("the archive is encrypted, and so");
    }
    checkPlainName("the name of the copy", to, recipient);
  };
  const archive = decryptIfEncrypted(stored, { decryption, whenKnown });
  const reader = openReader({}, object.size);
  try {
    const verified = await openVerifiedStream(archive, reader, received);
    const bytes = written === undefined ? verified.bytes : onlyAs(verified, written);
    const origin = written && originOf(written);
    const published = await publish(
      destination,
      { ...verified, bytes, about: origin ?? {}, nanoseconds: unixNanoseconds(verified.meta) },
      compact({
        target: to,
        overwrite,
        recipients: recipient,
        purpose: origin?.purpose ?? "backup",
        consistency: origin?.consistency ?? "consistent",
        owner: compact({ ...OWNER, series: origin?.series }),
      }),
      signal,
    );
    await recordOn(progress, destination, published.stored, published.manifest);
    return published.manifest;
  } finally {
    reader.destroy();
    // If the store refuses the archive, its stream is still open.
    await archive.return(undefined);
  }
}

/** Passes the archive through, and fails at the end unless it is the one that its manifest describes. */
async function* onlyAs(
  {
    bytes,
    report,
  }: { readonly bytes: AsyncIterable<Uint8Array>; readonly report: Promise<{ readonly sha256: string }> },
  { sha256 }: Manifest,
): AsyncGenerator<Uint8Array> {
  yield* bytes;
  if ((await report).sha256 === sha256) return;
  throw replaced("the archive is valid, but");
}

function replaced(what: string): SnapshotError {
  return new SnapshotError(
    "ARCHIVE_CHECKSUM",
    `${what} not the one that its manifest describes`,
    "Find out who replaced it. Without its manifest it can be copied: it then belongs to another series.",
  );
}

function encryptedSource(source: Location): SnapshotError {
  return usageError(
    `${shown(formatLocation(source))} is encrypted, and no manifest says what its bytes must be`,
    "Add --decrypt, or --recipient age1… to encrypt the copy; both need --identity.",
  );
}
