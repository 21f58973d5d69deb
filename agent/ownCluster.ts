/**
 * The cluster that this agent saves. Agents of several clusters may share a destination and the name of their service: the
 * archives of another cluster do not show that this one has been saved.
 */

import { ConsulClient } from "../provider/consul/client";
import { type ClusterIdentity, compareClusters, compareNodes } from "../provider/consul/clusterIdentity";
import type { Connection } from "../provider/consul/connection";
import { SnapshotError } from "../provider/errors";
import type { CleanText } from "../provider/text";

export class OwnCluster {
  /** The Raft ids of its servers; empty while they are unknown. */
  #serverIds: readonly string[] = [];
  /** The node ids of some of its servers, for a token that may not read the Raft ids. */
  #nodeIds: readonly string[] = [];

  /** Asks Consul. What stays unknown is compared with nothing; it never fails. */
  async identify(
    connect: () => Promise<Connection>,
    signal: AbortSignal,
    notice: (message: CleanText) => void,
  ): Promise<void> {
    let client: ConsulClient | undefined;
    try {
      client = new ConsulClient(await connect(), { signal, notice });
      const { serverIds } = await client.identity();
      if (serverIds.length > 0) this.#serverIds = serverIds;
      else if (this.#serverIds.length === 0) this.#nodeIds = (await client.agent()).serverIds ?? [];
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
    } finally {
      await client?.close();
    }
  }

  /** @param identity - in a snapshot that was taken now */
  learn({ serverIds }: Pick<ClusterIdentity, "serverIds">): void {
    if (serverIds.length > 0) this.#serverIds = serverIds;
  }

  /** Whether an archive with these servers is certainly of another cluster. */
  isOther(serverIds: readonly string[]): boolean {
    const archived = { serverIds, serverAddresses: [] };
    if (this.#serverIds.length === 0) return compareNodes(archived, this.#nodeIds) === "other";
    return compareClusters(archived, { serverIds: this.#serverIds, serverAddresses: [] }) === "other";
  }
}
