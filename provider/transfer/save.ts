/**
 * A save: Consul's response → the archive reader, byte by byte → a store. The store finishes only after the reader has
 * found the whole archive sound and the manifest is written, so nothing unverified is ever visible at the final name.
 */

import { randomBytes } from "node:crypto";
import { ArchiveReader, type ArchiveReport, type KvOptions, type KvReport, type SnapshotMeta } from "../archive/reader";
import { type ClusterFacts, ConsulClient } from "../consul/client";
import type { Connection } from "../consul/connection";
import { SnapshotError } from "../errors";
import type { Policy } from "../retention/policy";
import { expandTemplate, formatLocation, type Location } from "../store/location";
import { openStore } from "../store/open";
import { TIDY_MS } from "../store/stall";
import type { Store, StoredObject } from "../store/store";
import { checkRecipients } from "./encryption";
import { factsOf, restorableBy, takenAt } from "./facts";
import { type Manifest, MANIFEST_SCHEMA, ManifestClaim } from "./manifest";
import { seconds, startProgress } from "./progress";
import { type Pruned, prune } from "./prune";
import type { Reporter } from "./reporter";
import { type StoredBytes, sealed, sealedName } from "./sealed";
import { seriesOf } from "./seriesMark";
import { watch } from "./watch";
import { writtenBy } from "./writtenBy";

export type { Reporter } from "./reporter";

/** A stale snapshot from a server that heard from its leader longer ago than this is worth a warning. */
const LAGGING_MS = 5000;

export interface SaveRequest {
  readonly connection: Connection;
  readonly consistency: "consistent" | "stale";
  /** Refuse a stale snapshot from a server that heard from a leader longer ago, in milliseconds. Default: warn only. */
  readonly maxStalenessMs?: number;
  readonly target: Location;
  readonly overwrite: boolean;
  /** Encrypt for these, `age1…` each; the name then ends in `.age`. Default: do not encrypt. */
  readonly recipients?: readonly string[];
  /** Count keys by prefix as well. Default: do not. */
  readonly kv?: KvOptions;
  /** Which older archives of the series to keep, once this one is saved. Default: all. */
  readonly retention?: Policy;
  readonly purpose: Manifest["purpose"];
  /** Who takes it: fills the name template and names the series. */
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly name: string;
}

export interface SavedArchive {
  readonly manifest: Manifest;
  /** The stored object's identity, to recognise it later. */
  readonly stored: StoredObject;
  /** Whether the server that answered knew a leader, and how long ago it heard from one, in milliseconds. */
  readonly knownLeader: boolean;
  readonly lastContact: number;
  /** Where it was asked for. */
  readonly kv?: KvReport;
  /** How many archives of the series are there now, and how many retention removed; where there is a policy. */
  readonly pruned?: Pruned;
}

/**
 * Takes a snapshot and keeps it. Whatever fails, no half archive is left behind.
 *
 * @throws SnapshotError `CONSUL_*`, `ARCHIVE_*`, `STORE_*`, `TARGET_INVALID`, `ARGUMENT_INVALID` or `INTERRUPTED`
 */
export async function save(request: SaveRequest, reporter: Reporter): Promise<SavedArchive> {
  const { recipients } = request;
  if (recipients !== undefined) await checkRecipients(recipients);
  const template = recipients === undefined ? request.target.key : sealedName(request.target.key);
  const store = await openStore(request.target);
  const client = new ConsulClient(request.connection, {
    signal: reporter.signal,
    notice: (message) => reporter.info(message),
  });
  const reader = new ArchiveReader(request.kv === undefined ? {} : { kv: request.kv });
  const progress = startProgress((message) => reporter.status(message));
  try {
    const response = await client.snapshot({
      consistency: request.consistency,
      ...(request.maxStalenessMs === undefined ? {} : { maxStalenessMs: request.maxStalenessMs }),
    });
    const about = await client.agent();
    const watched = await watch(response.body, reader, (bytes) => progress.received(bytes));
    const key = expandTemplate(template, placeholders(request, about, watched.meta));
    const location = formatLocation(request.target, key);
    const claim = new ManifestClaim(store, key, request.overwrite);
    await store.sweep(key, template, reporter.signal);
    let found: { readonly manifest: Manifest; readonly report: ArchiveReport } | undefined;
    const keep = async (report: ArchiveReport, encrypted?: StoredBytes): Promise<void> => {
      found = { manifest: describe(request, about, location, report, encrypted), report };
      await claim.write(found.manifest);
    };
    const bytes = recipients === undefined ? watched.bytes(keep) : sealed(watched, recipients, keep);
    const stored = await putWithManifest(store, key, bytes, claim, request.overwrite, reporter.signal);
    if (found === undefined) throw new Error("the store finished before its source");
    const { manifest, report } = found;
    progress.saved();
    warnIfStale(response.knownLeader, response.lastContactMs, request.consistency, reporter);
    warnIfNotRestorable(manifest, report, reporter);
    sayUnknown(about, reporter);
    const pruned = await prune(
      {
        store,
        template: request.target.key,
        policy: request.retention ?? {},
        saved: { manifest, stored },
        now: new Date(),
      },
      reporter,
    );
    return {
      manifest,
      stored,
      knownLeader: response.knownLeader,
      lastContact: response.lastContactMs,
      ...(report.state.kv === undefined ? {} : { kv: report.state.kv }),
      ...(pruned === undefined ? {} : { pruned }),
    };
  } catch (error) {
    if (reporter.signal.aborted && !(error instanceof SnapshotError && error.code === "INTERRUPTED")) {
      throw new SnapshotError(
        "INTERRUPTED",
        "the snapshot was interrupted",
        "No half archive was left behind; run it again.",
        error,
      );
    }
    throw error;
  } finally {
    progress.stop();
    reader.destroy();
    await client.close();
    store.close();
  }
}

async function putWithManifest(
  store: Store,
  key: string,
  bytes: AsyncIterable<Uint8Array>,
  claim: ManifestClaim,
  overwrite: boolean,
  signal: AbortSignal,
): Promise<StoredObject> {
  try {
    const stored = await store.put(key, bytes, { overwrite, signal });
    await claim.confirm(stored.version);
    return stored;
  } catch (error) {
    // The first failure is the one to tell; a manifest that cannot be removed is a leftover that listing ignores.
    await claim.withdraw(AbortSignal.timeout(TIDY_MS)).catch(() => undefined);
    throw error;
  }
}

function placeholders(
  request: SaveRequest,
  about: ClusterFacts,
  meta: SnapshotMeta,
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
    project: request.project,
    stack: request.stack,
    name: request.name,
    random: randomBytes(2).toString("hex"),
  };
}

function describe(
  request: SaveRequest,
  about: ClusterFacts,
  location: string,
  report: ArchiveReport,
  encrypted: StoredBytes | undefined,
): Manifest {
  const restorable = about.consulVersion === undefined ? undefined : restorableBy(report, about.consulVersion);
  return {
    schema: MANIFEST_SCHEMA,
    series: seriesOf(request),
    purpose: request.purpose,
    ...factsOf(report, location, encrypted),
    ...(about.datacenter === undefined ? {} : { datacenter: about.datacenter }),
    ...(about.consulVersion === undefined ? {} : { consulVersion: about.consulVersion }),
    ...(restorable === undefined ? {} : { restorable }),
    consistency: request.consistency,
    writtenBy,
  };
}

/** What Consul accepts is kept: a backup that may need another version to be restored is better than none. */
function warnIfNotRestorable({ restorable, location }: Manifest, { state }: ArchiveReport, reporter: Reporter): void {
  if (restorable?.ok === false) {
    reporter.warn(
      `${location} is sound and was kept, but Consul ${restorable.consulVersion} could not restore it: ${restorable.reasons.join("; ")}`,
    );
  } else if (restorable === undefined && state.undecodable !== undefined) {
    reporter.warn(`${location} is sound and was kept, but its state cannot be decoded: ${state.undecodable.message}`);
  }
}

function sayUnknown(about: ClusterFacts, reporter: Reporter): void {
  const unknown = [
    ...(about.datacenter === undefined ? ["the datacenter"] : []),
    ...(about.consulVersion === undefined ? ["the Consul version"] : []),
  ];
  if (unknown.length === 0) return;
  const verb = unknown.length === 1 ? "is" : "are";
  reporter.info(`${unknown.join(" and ")} ${verb} unknown: the token may not read them (agent:read)`);
}

function warnIfStale(knownLeader: boolean, lastContactMs: number, consistency: string, reporter: Reporter): void {
  if (consistency !== "stale") return;
  if (!knownLeader) {
    reporter.warn(
      `the snapshot came from a server that knows no leader and last heard from one ${seconds(lastContactMs)} ago: the newest writes may be missing`,
    );
  } else if (lastContactMs >= LAGGING_MS) {
    reporter.warn(
      `the snapshot came from a server that last heard from its leader ${seconds(lastContactMs)} ago: the newest writes may be missing`,
    );
  }
}
