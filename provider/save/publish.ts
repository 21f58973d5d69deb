/** Stores an archive, which is verified while it streams, with its manifest beside it. */

import { randomBytes } from "node:crypto";
import type { SnapshotMeta } from "../archive/reader";
import { ManifestClaim } from "../catalog/claim";
import { takenAt } from "../catalog/archiveFacts";
import { type Manifest, readManifest } from "../catalog/manifest";
import { describeArchive, type Origin } from "../catalog/newManifest";
import { seriesOf } from "../catalog/series";
import { compact } from "../compact";
import { SnapshotError } from "../errors";
import type { Owner } from "../owner";
import { Ledger } from "../retention/ledger";
import { isEmpty, type Policy } from "../retention/policy";
import { formatLocation, type Location } from "../store/location";
import { expandTemplate, fixedFolder } from "../store/nameTemplate";
import { TIDY_MS } from "../store/stall";
import type { Store, StoredObject } from "../store/store";
import { encryptedName, encryptStream } from "./encrypt";
import type { VerifiedStream } from "./verifiedStream";

export interface PublishRequest {
  readonly target: Location;
  readonly overwrite: boolean;
  /** Encrypt for these recipients; the name then ends in `.age`. Default: do not encrypt. */
  readonly recipients?: readonly string[];
  readonly purpose: Manifest["purpose"];
  readonly consistency: "consistent" | "stale";
  /** Whether archives of the series are pruned afterwards, by these rules. Default: no rules. */
  readonly retention?: Policy;
  /** Fills the name template, and is the name of the series. */
  readonly owner: Owner;
  /** The archive and its manifest become visible only after this; if it rejects, never. Default: at once. */
  readonly visibleAfter?: Promise<void>;
}

/** An archive stream, with what is known about the archive besides what it contains. */
export interface DescribedStream extends VerifiedStream {
  /** Facts about its cluster; for a copy, those of its source's manifest. What the request specifies takes precedence. */
  readonly about: Partial<Origin>;
  /** As returned by `unixNanoseconds`; the same for all copies of an archive. */
  readonly nanoseconds: string;
}

interface Placing {
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  /**
   * Called with the manifest once it is written, before the archive becomes visible, and with the store's time. Default: not
   * called.
   */
  readonly announce?: (manifest: Manifest, now: Date) => Promise<void>;
}

export interface Published {
  readonly manifest: Manifest;
  /** The stored object's identity, to recognise it later. */
  readonly stored: StoredObject;
  /** Why retention's ledger could not announce the archive, if it could not. */
  readonly unannounced?: SnapshotError;
}

/**
 * Writes the archive and its manifest. A failure leaves neither behind.
 *
 * @param watch - wraps the stream of stored bytes. Default: not wrapped
 * @throws SnapshotError errors of reading the archive; `STORE_*`, `TARGET_INVALID` or `INTERRUPTED`
 */
export async function publish(
  store: Store,
  archive: DescribedStream,
  request: PublishRequest,
  signal: AbortSignal,
  watch: (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array> = (bytes) => bytes,
): Promise<Published> {
  const { recipients, target, overwrite } = request;
  const template = recipients === undefined ? target.key : encryptedName(target.key);
  const key = expandTemplate(template, placeholders(request.owner, archive));
  const location = formatLocation(target, key);
  await store.sweep(key, template, signal);
  const encrypted = recipients === undefined ? undefined : encryptStream(archive.bytes, recipients);
  const { owner, purpose, consistency } = request;
  const retention = isEmpty(request.retention ?? {}) ? undefined : (true as const);
  const origin = compact({ ...archive.about, series: seriesOf(owner), purpose, consistency, retention });
  const describing = archive.report.then(async (report) => {
    const manifest = describeArchive(report, location, origin, await encrypted?.stored);
    await request.visibleAfter;
    return manifest;
  });
  // If the store fails before it needs the manifest, nothing awaits it.
  describing.catch(() => undefined);
  const bytes = watch(encrypted?.bytes ?? archive.bytes);
  const announcement: { failure?: SnapshotError | undefined } = {};
  const announce = async (manifest: Manifest, now: Date): Promise<void> => {
    if (purpose === "backup") announcement.failure = await announceTo(store, target.key, key, manifest, now, signal);
  };
  const stored = await putWithManifest(store, key, bytes, describing, { overwrite, signal, announce });
  return compact({ manifest: await describing, stored, unannounced: announcement.failure });
}

/**
 * Where retention has a ledger of the series, records the archive before it is there, so that a run which is killed leaves
 * none that retention takes for somebody else's. The save goes on if that fails: `prune` then tries once more, and reports it.
 *
 * The folder of the archive may be below that of the target, and have a ledger of its own, of a person who pruned that folder.
 *
 * @returns why it failed
 */
async function announceTo(
  store: Store,
  template: string,
  key: string,
  { series, storedSha256 }: Manifest,
  now: Date,
  signal: AbortSignal,
): Promise<SnapshotError | undefined> {
  try {
    for (const folder of new Set([fixedFolder(template), fixedFolder(key)])) {
      const ledger = await Ledger.read(store, folder, series, signal);
      await ledger.announce(key, storedSha256, now, signal);
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    return error;
  }
}

/**
 * Writes an unchanged archive whose manifest is already known. A failure leaves neither behind.
 *
 * @param bytes - must fail if they do not match the manifest
 * @param key - the key of the archive; it must match the location in the manifest
 * @returns the stored archive
 * @throws SnapshotError errors of `bytes`; `STORE_*` or `INTERRUPTED`
 */
export async function publishAsIs(
  store: Store,
  bytes: AsyncIterable<Uint8Array>,
  key: string,
  manifest: Manifest,
  { overwrite, signal }: Placing,
): Promise<StoredObject> {
  await store.sweep(key, key, signal);
  return putWithManifest(store, key, bytes, manifest, { overwrite, signal });
}

/**
 * A restorable archive must not be replaced by one that is not restorable.
 *
 * @throws SnapshotError `STORE_EXISTS`
 */
async function checkReplaced(
  store: Store,
  key: string,
  { restorable, location }: Manifest,
  signal: AbortSignal,
): Promise<void> {
  if (restorable?.ok !== false || (await store.head(key, { signal })) === undefined) return;
  if ((await readManifest(store, key, { signal }))?.restorable?.ok === false) return;
  throw new SnapshotError(
    "STORE_EXISTS",
    `${location} was kept: the archive that would replace it is valid, but Consul could not restore it: ${restorable.reasons.join("; ")}`,
    "Save it under another name, such as one with {timestamp}, to have both.",
  );
}

/** @param describing - resolves to the manifest, at the latest when the bytes have been read */
async function putWithManifest(
  store: Store,
  key: string,
  bytes: AsyncIterable<Uint8Array>,
  describing: Manifest | Promise<Manifest>,
  { overwrite, signal, announce }: Placing,
): Promise<StoredObject> {
  const claim = new ManifestClaim(store, key, overwrite);
  const beforeVisible = async (): Promise<void> => {
    const manifest = await describing;
    if (overwrite) await checkReplaced(store, key, manifest, signal);
    const { modified } = await claim.write(manifest, { signal });
    await announce?.(manifest, modified);
  };
  try {
    const stored = await store.put(key, bytes, { overwrite, signal, beforeVisible });
    await claim.confirm(stored.version);
    return stored;
  } catch (error) {
    // The first failure is the one to report; listings ignore an orphaned manifest that could not be removed.
    await claim.withdraw(AbortSignal.timeout(TIDY_MS)).catch(() => undefined);
    throw error;
  }
}

function placeholders(
  owner: Owner,
  { about, meta, nanoseconds }: DescribedStream,
): Parameters<typeof expandTemplate>[1] {
  return {
    datacenter: about.datacenter ?? "unknown",
    consulVersion: about.consulVersion ?? "unknown",
    index: String(meta.index),
    term: String(meta.term),
    timestamp: takenAt(meta)
      .toISOString()
      .replace(/\.\d+Z$/, "Z")
      .replaceAll(/[-:]/g, ""),
    nanoseconds,
    project: owner.project,
    stack: owner.stack,
    name: owner.name,
    random: randomBytes(2).toString("hex"),
  };
}

/**
 * When an archive was taken. Consul's time has milliseconds; the other digits distinguish two archives of the same
 * millisecond.
 */
export function unixNanoseconds(meta: SnapshotMeta): string {
  return `${takenAt(meta).getTime()}${String(process.hrtime.bigint() % 1_000_000n).padStart(6, "0")}`;
}
