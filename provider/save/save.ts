/**
 * A save: Consul's response → the archive reader, byte by byte → a store. The archive becomes visible only after the
 * reader has verified all of it and the manifest is written, so the final name never shows an unverified archive.
 */

import { compact } from "../compact";
import { type KvOptions, type KvReport } from "../archive/reader";
import { AwaitedReader } from "../archive/thread/openReader";
import { ConsulClient, type Pace } from "../consul/client";
import type { Connection } from "../consul/connection";
import { SnapshotError, isCode } from "../errors";
import type { ManifestCache } from "../retention/manifestCache";
import type { Policy } from "../retention/policy";
import type { Location } from "../store/location";
import { openStore } from "../store/backends";
import type { Store, StoredObject } from "../store/store";
import { checkRecipients } from "../age/recipients";
import type { Manifest } from "../catalog/manifest";
import { startProgress } from "../progressInterval";
import { type Pruned, prune } from "../retention/prune";
import type { Reporter } from "../reporter";
import { readClusterFacts } from "./clusterFacts";
import type { Owner } from "../owner";
import { publish, unixNanoseconds } from "./publish";
import type { Turn } from "./concurrency";
import { StorePace } from "./storePace";
import { openVerifiedStream } from "./verifiedStream";
import { warnIfNotRestorable, warnIfStale } from "./warnings";

export type { Reporter } from "../reporter";

export interface SaveRequest {
  readonly connection: Connection;
  readonly consistency: "consistent" | "stale";
  /**
   * Refuse a stale snapshot if the server last heard from its leader longer ago than this, in milliseconds. Default:
   * only warn.
   */
  readonly maxStalenessMs?: number;
  readonly target: Location;
  readonly overwrite: boolean;
  /** Encrypt for these recipients, each `age1…`; the name then ends in `.age`. Default: do not encrypt. */
  readonly recipients?: readonly string[];
  /** Also count keys by prefix. Default: do not. */
  readonly kv?: KvOptions;
  /** Which older archives of the series to keep after the save. Default: all. */
  readonly retention?: Policy;
  /** As `PruneRequest.sparedMs`. */
  readonly sparedMs?: number;
  /** As `PruneRequest.cache`. */
  readonly cache?: ManifestCache;
  /** Called when a server becomes slow, and when it recovers. Default: not called. */
  readonly onPace?: Turn["setPace"];
  /** As in `StorePace`. */
  readonly slowStoreAfterMs?: number;
  readonly purpose: Manifest["purpose"];
  /** Fills the name template, and is the name of the series. */
  readonly owner: Owner;
  /** As in `PublishRequest`. */
  readonly visibleAfter?: Promise<void>;
}

export interface SavedArchive {
  readonly manifest: Manifest;
  /** The stored object's identity, to recognise it later. */
  readonly stored: StoredObject;
  /** Whether the server that answered knew a leader, and how long ago it heard from one, in milliseconds. */
  readonly knownLeader: boolean;
  readonly lastContact: number;
  /** If requested. */
  readonly kv?: KvReport;
  /** Number of remaining and removed archives of the series, if there is a policy. */
  readonly pruned?: Pruned;
}

/** The two ends of a save. */
export interface OpenedEnds {
  /** Of the request's connection. */
  readonly client: ConsulClient;
  /** Of the request's target. */
  readonly store: Store;
}

/**
 * Takes a snapshot and stores it. A failure leaves no incomplete archive behind.
 *
 * @throws SnapshotError `CONSUL_*`, `ARCHIVE_*`, `STORE_*`, `TARGET_INVALID`, `ARGUMENT_INVALID` or `INTERRUPTED`
 */
export async function save(request: SaveRequest, reporter: Reporter): Promise<SavedArchive> {
  const store = await openStore(request.target);
  const { signal } = reporter;
  const client = new ConsulClient(request.connection, { signal, notice: (message) => reporter.info(message) });
  try {
    return await saveBetween({ client, store }, request, reporter);
  } finally {
    await client.close();
    store.close();
  }
}

/**
 * The same with a client and a store that the caller has opened, and closes.
 *
 * @throws SnapshotError as `save` does
 */
export async function saveBetween(
  { client, store }: OpenedEnds,
  request: SaveRequest,
  reporter: Reporter,
): Promise<SavedArchive> {
  if (request.recipients !== undefined) await checkRecipients(request.recipients);
  const progress = startProgress((event) => reporter.status(event));
  const reader = new AwaitedReader(compact({ kv: request.kv }));
  const storePace = new StorePace((pace) => request.onPace?.("store", pace), request.slowStoreAfterMs);
  try {
    const response = await client.snapshot(
      compact({
        progress,
        consistency: request.consistency,
        maxStalenessMs: request.maxStalenessMs,
        onPace: (pace: Pace) => request.onPace?.("consul", pace),
      }),
    );
    const verified = await openVerifiedStream(response.body, reader.open(), (bytes) => progress.received(bytes));
    const about = await readClusterFacts(client, verified.meta, request.connection.url, reporter);
    storePace.begin();
    const archive = { ...verified, about, nanoseconds: unixNanoseconds(verified.meta) };
    const published = await publish(store, archive, request, reporter.signal, (bytes) => storePace.watch(bytes));
    const { manifest, stored } = published;
    storePace.end();
    const report = await verified.report;
    progress.saved();
    warnIfStale(response.knownLeader, response.lastContactMs, request.consistency, reporter);
    warnIfNotRestorable(manifest, reporter);
    storePace.begin();
    const pruned = await prune(
      {
        store,
        template: request.target.key,
        policy: request.retention ?? {},
        saved: published,
        now: new Date(),
        ...compact({ sparedMs: request.sparedMs, cache: request.cache }),
      },
      reporter,
    );
    return compact({
      manifest,
      stored,
      knownLeader: response.knownLeader,
      lastContact: response.lastContactMs,
      kv: report.state.kv,
      pruned,
    });
  } catch (error) {
    if (reporter.signal.aborted && !isCode(error, "INTERRUPTED")) {
      throw new SnapshotError(
        "INTERRUPTED",
        "the snapshot was interrupted",
        "No incomplete archive was left behind; run it again.",
        error,
      );
    }
    throw error;
  } finally {
    storePace.end();
    progress.stop();
    reader.destroy();
  }
}
