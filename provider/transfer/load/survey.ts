/** Before a restore: everything is read, and nothing changed. */

import type { ArchiveReport } from "../../archive/reader";
import type { ClusterFacts, ConsulClient } from "../../consul/client";
import { factsOf } from "../facts";
import type { ArchiveFacts } from "../manifest";
import { megabytes, sparing } from "../progress";
import { type Sight, watchCluster, type Watching } from "./cluster";
import { type Guard, judge } from "./guards";
import type { Patience } from "./patience";
import type { Reporter, RestoreRequest } from "./request";
import type { Source } from "./source";

const WATCHING: Watching = { restMs: 3000, limitMs: 20_000 };

export interface Survey {
  readonly report: ArchiveReport;
  readonly archive: ArchiveFacts;
  readonly cluster: ClusterFacts & {
    /** Free of secrets. */
    readonly address: string;
    readonly serverIds: readonly string[];
    readonly sight: Sight;
  };
  readonly guards: readonly Guard[];
}

/**
 * @param serverIds - of the cluster
 * @throws SnapshotError `ARCHIVE_*`, `STORE_*`, `DECRYPTION_FAILED`, `CONSUL_*`
 */
export async function survey(
  request: RestoreRequest,
  source: Source,
  client: ConsulClient,
  serverIds: readonly string[],
  reporter: Reporter,
  { watching = WATCHING }: Patience = {},
): Promise<Survey> {
  const show = sparing((message) => reporter.status(message));
  let received = 0;
  const { report, encrypted } = await source.read({
    received: (bytes) => {
      received += bytes;
      show(() => `verifying the archive: ${megabytes(received)} of ${megabytes(source.object.size)}`);
    },
  });
  const { manifest } = source;
  reporter.status("looking at the cluster");
  const [about, sight] = await Promise.all([client.agent(), watchCluster(client, watching, reporter.signal)]);
  const cluster = { ...about, address: request.connection.url, serverIds, sight };
  const guards = judge({
    now: new Date(),
    ...(request.validUntil === undefined ? {} : { validUntil: request.validUntil }),
    report,
    ...(request.sha256 === undefined ? {} : { sha256: request.sha256 }),
    storedSize: source.object.size,
    manifest,
    cluster,
    allow: request.allow,
  });
  const archive = {
    ...factsOf(report, source.location, encrypted),
    ...(manifest?.datacenter === undefined ? {} : { datacenter: manifest.datacenter }),
    ...(manifest?.consulVersion === undefined ? {} : { consulVersion: manifest.consulVersion }),
  };
  return { report, archive, cluster, guards };
}
