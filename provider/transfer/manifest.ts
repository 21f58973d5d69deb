/**
 * The manifest: one JSON object beside an archive, `<archive>.manifest.json`. It holds what the archive itself does
 * not know (datacenter, Consul version, whose backup it is) and what would cost a full read to know. It holds no secret.
 *
 * An archive without one is still good: only a stranger. A manifest without its archive is a leftover.
 */

import { SnapshotError } from "../errors";
import { unlessAborted } from "../store/stall";
import type { HeadOptions, Store } from "../store/store";
import { withMark } from "./seriesMark";
import { headInPlace, putSmall, readSmall } from "./small";

export const MANIFEST_SCHEMA = 1;
const SUFFIX = ".manifest.json";
/** A manifest without its archive that is older than this belongs to no running save. */
export const LEFTOVER_MS = 10 * 60 * 1000;

export interface Server {
  readonly id: string;
  readonly address: string;
  readonly suffrage: string;
}

/** The records of one type in `state.bin`. */
export interface RecordCount {
  /** As Consul names it. */
  readonly type: string;
  readonly count: number;
  /** Bytes, as `consul snapshot inspect` counts them. */
  readonly size: number;
}

/** Whether the Consul that an archive came from could restore it. */
export interface Restorable {
  readonly ok: boolean;
  /** The version that was asked about. */
  readonly consulVersion: string;
  /** Whether that version was tried, or its source read, or that of the nearest version. */
  readonly basis: "tried" | "source" | "nearest";
  /** Why not, a sentence each; empty when it could. */
  readonly reasons: readonly string[];
}

/** What there is to know of an archive, wherever it lies. */
export interface ArchiveFacts {
  readonly location: string;
  readonly snapshotId: string;
  readonly index: number;
  readonly term: number;
  /** Bytes of `state.bin`, as `consul snapshot inspect` prints. */
  readonly size: number;
  /** Version of the archive's format. */
  readonly version: number;
  /** Bytes of the archive as Consul made it, and their SHA-256. */
  readonly archiveSize: number;
  readonly sha256: string;
  /** Bytes of the stored object, and their SHA-256: those of the archive, unless it is encrypted. */
  readonly storedSize: number;
  readonly storedSha256: string;
  /** RFC 3339, UTC. */
  readonly takenAt: string;
  /** Left out when the token may not read it. */
  readonly datacenter?: string;
  readonly consulVersion?: string;
  readonly servers: readonly Server[];
  /** The largest first. */
  readonly contents: readonly RecordCount[];
  /** A digest of the records of each type, whatever their order: equal for equal contents. */
  readonly digests: Readonly<Record<string, string>>;
  /** Left out when the Consul version is unknown. */
  readonly restorable?: Restorable;
  readonly encrypted: boolean;
}

export interface Manifest extends ArchiveFacts {
  readonly schema: typeof MANIFEST_SCHEMA;
  /** Whose backup this is: `organization/project/stack/name`. */
  readonly series: string;
  readonly purpose: "backup" | "safety";
  readonly consistency: "consistent" | "stale";
  /** The package and version that wrote this. */
  readonly writtenBy: string;
}

export function manifestKey(archiveKey: string): string {
  return archiveKey + SUFFIX;
}

/**
 * The manifest beside an archive, or `undefined` when there is none, or none that this version can read.
 *
 * @throws SnapshotError when the store cannot be read
 */
export async function readManifest(store: Store, archiveKey: string): Promise<Manifest | undefined> {
  const found = await readSmall(store, manifestKey(archiveKey));
  return found === undefined ? undefined : parseManifest(found.bytes);
}

/** Reads a manifest's text; anything that is not a manifest of a known schema is `undefined`. */
export function parseManifest(bytes: Uint8Array): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return isManifest(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const numbers = ["index", "term", "size", "version", "archiveSize", "storedSize"];
  const strings = ["series", "location", "snapshotId", "sha256", "storedSha256", "takenAt"];
  return (
    fields.get("schema") === MANIFEST_SCHEMA &&
    (fields.get("purpose") === "backup" || fields.get("purpose") === "safety") &&
    numbers.every((name) => typeof fields.get(name) === "number") &&
    strings.every((name) => typeof fields.get(name) === "string") &&
    Array.isArray(fields.get("servers")) &&
    Array.isArray(fields.get("contents"))
  );
}

/**
 * Puts a manifest in place for an archive that is about to become visible, and takes it back if that fails.
 *
 * Without `overwrite` the manifest is also a claim on the name: of several writers the first one gets it, and no other
 * goes on to the archive.
 */
export class ManifestClaim {
  private readonly key: string;
  /** What an archive that is being overwritten has beside it. */
  private before: Uint8Array | undefined;
  private writing: Promise<void> = Promise.resolve();
  private written: Uint8Array | undefined;

  constructor(
    private readonly store: Store,
    private readonly archiveKey: string,
    private readonly overwrite: boolean,
  ) {
    this.key = manifestKey(archiveKey);
  }

  /** @throws SnapshotError `STORE_EXISTS` when the name belongs to another writer */
  write(manifest: Manifest): Promise<void> {
    this.writing = this.putManifest(manifest);
    return this.writing;
  }

  private async putManifest(manifest: Manifest): Promise<void> {
    if (this.overwrite) this.before = (await readSmall(this.store, this.key))?.bytes;
    const bytes = Buffer.from(withMark(JSON.stringify(manifest, null, 2), manifest.series));
    try {
      await putSmall(this.store, this.key, bytes, this.overwrite);
    } catch (error) {
      if (!(error instanceof SnapshotError && error.code === "STORE_EXISTS" && (await this.isLeftover()))) throw error;
      await putSmall(this.store, this.key, bytes, true);
    }
    this.written = bytes;
  }

  /**
   * After an archive was overwritten: the manifest beside it is this writer's, whoever else wrote at the time, unless
   * the archive is another writer's by now.
   *
   * @param version - of the archive that this writer put there
   */
  async confirm(version: string): Promise<void> {
    if (!this.overwrite || this.written === undefined || (await this.versionIfOurs()) !== undefined) return;
    if ((await headInPlace(this.store, this.archiveKey))?.version !== version) return;
    await putSmall(this.store, this.key, this.written, true);
  }

  /**
   * After a failure: what was there before is there again.
   *
   * @param signal - when to leave it
   */
  async withdraw(signal: AbortSignal): Promise<void> {
    // A run that was cancelled does not wait for its manifest.
    await unlessAborted(this.writing, signal).catch(() => undefined);
    const version = await this.versionIfOurs({ signal });
    if (version === undefined) return;
    if (this.before === undefined) await this.store.delete(this.key, { version, signal });
    // Left alone, not cancelled: that would take away what it puts back.
    else await unlessAborted(putSmall(this.store, this.key, this.before, true), signal);
  }

  /** Its writer was killed before the archive became visible: a moment's work, so one of some minutes ago is dead. */
  private async isLeftover(): Promise<boolean> {
    const manifest = await headInPlace(this.store, this.key);
    const archive = await headInPlace(this.store, this.archiveKey);
    return manifest !== undefined && archive === undefined && Date.now() - manifest.modified.getTime() > LEFTOVER_MS;
  }

  private async versionIfOurs(options: HeadOptions = {}): Promise<string | undefined> {
    if (this.written === undefined) return undefined;
    const there = await readSmall(this.store, this.key, options);
    return there !== undefined && Buffer.compare(there.bytes, this.written) === 0 ? there.version : undefined;
  }
}
