/** A snapshot that is taken now, of one cluster: an address can lead to more than one. */

import type { ArchiveReport } from "../../provider/archive/reader";
import { ConsulClient } from "../../provider/consul/client";
import type { ClusterIdentity } from "../../provider/consul/clusterIdentity";
import type { Connection } from "../../provider/consul/connection";
import type { ArchiveSource } from "../../provider/contents/readRecords";
import { SnapshotError } from "../../provider/errors";
import { NothingRestored } from "../../provider/restore/guards";
import { confirmCluster, requireStateOf } from "../../provider/restore/sameCluster";
import type { Progress } from "../terminal/progress";
import { remark } from "../../provider/text";

/** While it is read it throws `CONSUL_*`, and `RESTORE_REFUSED` if more than one cluster answers, as a restore does. */
export function currentState(connection: Connection, progress: Progress): ArchiveSource {
  const { url } = connection;
  let answering: ClusterIdentity | undefined;

  async function* open(): AsyncGenerator<Uint8Array> {
    const client = newClient();
    try {
      // The snapshot comes first: its request is repeated while Consul is unreachable.
      const { body } = await client.snapshot({ consistency: "consistent" });
      answering = await client.identity();
      yield* body;
    } finally {
      await client.close();
    }
  }

  async function confirm({ meta }: ArchiveReport): Promise<void> {
    const before = answering;
    if (before === undefined || isUnknown(before)) {
      progress.warn(remark`it is unknown whether one cluster answered all requests to ${url}`);
      return;
    }
    // A new client, because a connection that is open may stay with its cluster.
    const client = newClient();
    try {
      requireStateOf(before, meta, url);
      await confirmCluster(client, before, url, "after its state was read");
    } catch (error) {
      if (!(error instanceof NothingRestored)) throw error;
      throw new SnapshotError(error.code, `nothing was compared: ${error.why}`, error.hint, error, error.details);
    } finally {
      await client.close();
    }
  }

  function newClient(): ConsulClient {
    return new ConsulClient(connection, { signal: progress.signal, notice: (message) => progress.info(message) });
  }

  return { label: `the current state of Consul at ${url}`, open, confirm };
}

function isUnknown({ serverIds, serverAddresses }: ClusterIdentity): boolean {
  return serverIds.length === 0 && serverAddresses.length === 0;
}
