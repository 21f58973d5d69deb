/** Reads a cluster's entire current state without keeping it. */

import type { ArchiveReport, SeenRecord } from "../archive/reader";
import { readWith } from "../archive/readWhole";
import { ServerVersions } from "../archive/serverVersions";
import { AwaitedReader } from "../archive/thread/openReader";
import { compact } from "../compact";
import type { ConsulClient } from "../consul/client";
import { isCode, SnapshotError } from "../errors";
import type { Reporter } from "./request";

/**
 * @param see - receives each record
 * @throws SnapshotError `CONSUL_*`, `ARCHIVE_*`, `INTERRUPTED`
 */
export async function readCluster(client: ConsulClient, see?: (record: SeenRecord) => void): Promise<ArchiveReport> {
  const reader = new AwaitedReader(compact({ see }));
  try {
    const { body } = await client.snapshot({ consistency: "consistent" });
    return await readWith(reader.open(), body);
  } finally {
    reader.destroy();
  }
}

export interface CurrentState {
  readonly report: ArchiveReport;
  /** The Consul versions of the servers; empty if not requested, or if not known for every server. */
  readonly versions: readonly string[];
}

/**
 * The current state, or the reason why it cannot be read.
 *
 * @param findVersions - find the servers' versions in the records. Default: false
 */
export async function readCurrentState(
  client: ConsulClient,
  reporter: Reporter,
  findVersions = false,
): Promise<CurrentState | { readonly error: SnapshotError }> {
  reporter.status({ phase: "readingCurrentState" });
  const versions = new ServerVersions();
  try {
    const report = await readCluster(client, findVersions ? versions.see : undefined);
    return { report, versions: versions.of(report.meta) };
  } catch (error) {
    if (!(error instanceof SnapshotError) || isCode(error, "INTERRUPTED")) throw error;
    return { error };
  }
}
