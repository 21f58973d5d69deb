/**
 * The manifest: one JSON object beside an archive, `<archive>.manifest.json`. It contains facts that the archive itself
 * does not (datacenter, Consul version, series) and facts that otherwise only a full read would show. It contains no
 * secrets.
 *
 * An archive without a manifest is still valid, but belongs to no series. A manifest without its archive is orphaned.
 */

import { compact } from "../compact";
import { allKnown, Fields, sha256Of, textOf } from "../fields";
import { safeServerId } from "../serverId";
import { cleanLine } from "../text";
import type { HeadOptions, Store } from "../store/store";
import { readSmallFile } from "../store/smallObject";

export const MANIFEST_SCHEMA = 1;
const SUFFIX = ".manifest.json";
/** An orphaned manifest older than this does not belong to a running save. */
export const ORPHAN_AFTER_MS = 10 * 60 * 1000;

export interface Server {
  readonly id: string;
  readonly address: string;
  readonly suffrage: string;
}

/** The records of one type in `state.bin`. */
export interface RecordCount {
  /** Consul's name of the type. */
  readonly type: string;
  readonly count: number;
  /** In bytes, as `consul snapshot inspect` counts them. */
  readonly size: number;
}

/** How many records there are of all types. */
export function recordsIn(contents: readonly RecordCount[]): number {
  return contents.reduce((sum, { count }) => sum + count, 0);
}

/** Whether the Consul version that wrote an archive can restore it. */
export interface Restorable {
  readonly ok: boolean;
  /** The version that the verdict is about. */
  readonly consulVersion: string;
  /** The evidence: tests with that version, its source, or the source of the nearest known version. */
  readonly basis: "tried" | "source" | "nearest";
  /** The same in words, with the nearest version; absent in manifests of earlier versions of this package. */
  readonly knownBy?: string;
  /** Why not, one sentence each; empty if it can. */
  readonly reasons: readonly string[];
}

/** The facts that reading an archive shows, and where it is. */
export interface ReadFacts {
  readonly location: string;
  readonly snapshotId: string;
  readonly index: number;
  readonly term: number;
  /** Size of `state.bin` in bytes, as printed by `consul snapshot inspect`. */
  readonly size: number;
  /** Version of the archive format. */
  readonly version: number;
  /** Size of the unencrypted archive in bytes, and its SHA-256. */
  readonly archiveSize: number;
  readonly sha256: string;
  /** Size of the stored object in bytes, and its SHA-256: those of the archive, unless it is encrypted. */
  readonly storedSize: number;
  readonly storedSha256: string;
  /** RFC 3339, UTC. */
  readonly takenAt: string;
  readonly servers: readonly Server[];
  /** The largest first. */
  readonly contents: readonly RecordCount[];
  /** A digest of the records of each type, independent of their order: equal for equal contents. */
  readonly digests: Readonly<Record<string, string>>;
  readonly encrypted: boolean;
}

export interface ArchiveFacts extends ReadFacts {
  /** Omitted if the token may not read it. */
  readonly datacenter?: string;
  readonly consulVersion?: string;
  /** Omitted if the Consul version is unknown. */
  readonly restorable?: Restorable;
}

/** The stored object. */
export interface StoredBytes {
  readonly size: number;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * A new field must be optional, because earlier manifests lack it, and `parseManifest` must read it. `newManifest.ts` fills
 * it, and says whether a copy keeps it.
 */
export interface Manifest extends ArchiveFacts {
  readonly schema: typeof MANIFEST_SCHEMA;
  /** The owner of this backup: `organization/project/stack/name`. */
  readonly series: string;
  readonly purpose: "backup" | "safety";
  readonly consistency: "consistent" | "stale";
  /** Whether the run that saved it had a retention policy: it then leaves a ledger of the series. Default: it had none. */
  readonly retention?: true;
  /** The package and version that wrote this. */
  readonly writtenBy: string;
}

export function manifestKey(archiveKey: string): string {
  return archiveKey + SUFFIX;
}

/**
 * The manifest beside an archive; `undefined` if there is none, or none that this version can read.
 *
 * @throws SnapshotError if the store cannot be read
 */
export async function readManifest(
  store: Store,
  archiveKey: string,
  options: HeadOptions = {},
): Promise<Manifest | undefined> {
  const bytes = await readSmallFile(store, manifestKey(archiveKey), options);
  return bytes === undefined ? undefined : parseManifest(bytes);
}

/**
 * Parses a manifest. It is untrusted, because anyone who may write to the place may have written it: each field is
 * checked, and nothing else is copied. Its strings go into state and outputs, so they are cleaned.
 *
 * @returns `undefined` for anything that is not a manifest of a known schema
 */
export function parseManifest(bytes: Uint8Array): Manifest | undefined {
  const fields = Fields.parse(bytes);
  if (fields?.count("schema") !== MANIFEST_SCHEMA) return undefined;
  const required = {
    series: seriesIn(fields.text("series")),
    purpose: fields.oneOf("purpose", ["backup", "safety"]),
    location: fields.text("location"),
    snapshotId: line(fields.text("snapshotId")),
    index: fields.count("index"),
    term: fields.count("term"),
    size: fields.count("size"),
    version: fields.count("version"),
    archiveSize: fields.count("archiveSize"),
    sha256: fields.sha256("sha256"),
    storedSize: fields.count("storedSize"),
    storedSha256: fields.sha256("storedSha256"),
    takenAt: fields.time("takenAt"),
    servers: fields.list("servers", serverOf),
    contents: fields.list("contents", recordCountOf),
  };
  if (!allKnown(required)) return undefined;
  return {
    schema: MANIFEST_SCHEMA,
    ...required,
    digests: digestsIn(fields),
    consistency: fields.oneOf("consistency", ["consistent", "stale"]) ?? "consistent",
    encrypted: fields.flag("encrypted") ?? false,
    writtenBy: line(fields.text("writtenBy")) ?? "",
    ...compact({
      retention: fields.flag("retention") === true ? (true as const) : undefined,
      datacenter: fields.word("datacenter"),
      consulVersion: fields.word("consulVersion"),
      restorable: restorableOf(fields.object("restorable")),
    }),
  };
}

/** In a manifest that this package has written of an honest cluster, this changes nothing. */
function line(text: string | undefined): string | undefined {
  return text === undefined ? undefined : cleanLine(text);
}

function serverId(text: string | undefined): string | undefined {
  return text === undefined ? undefined : safeServerId(text);
}

/** Control characters, line breaks, and characters that change the text direction. */
const UNSAFE_IN_SERIES = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

/** A series is compared byte for byte, so it is not cleaned: a manifest with an unsafe one is none. */
function seriesIn(text: string | undefined): string | undefined {
  return text === undefined || UNSAFE_IN_SERIES.test(text) ? undefined : text;
}

function digestsIn(fields: Fields): Readonly<Record<string, string>> {
  const digests = Object.entries(fields.entries("digests", sha256Of) ?? {});
  return Object.fromEntries(digests.map(([type, digest]) => [cleanLine(type), digest]));
}

function serverOf(value: unknown): Server | undefined {
  const fields = Fields.of(value);
  const server = {
    id: serverId(fields?.text("id")),
    address: serverId(fields?.text("address")),
    suffrage: line(fields?.text("suffrage")),
  };
  return allKnown(server) ? server : undefined;
}

function recordCountOf(value: unknown): RecordCount | undefined {
  const fields = Fields.of(value);
  const records = { type: line(fields?.text("type")), count: fields?.count("count"), size: fields?.count("size") };
  return allKnown(records) ? records : undefined;
}

function restorableOf(fields: Fields | undefined): Restorable | undefined {
  const restorable = {
    ok: fields?.flag("ok"),
    consulVersion: fields?.word("consulVersion"),
    basis: fields?.oneOf("basis", ["tried", "source", "nearest"]),
    reasons: fields?.list("reasons", (reason) => line(textOf(reason))),
  };
  return allKnown(restorable) ? compact({ ...restorable, knownBy: line(fields?.text("knownBy")) }) : undefined;
}
