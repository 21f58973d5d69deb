/**
 * Consul's facts about an archive's cluster. An address can lead to more than one cluster, so its identity is checked.
 */

import type { SnapshotMeta } from "../archive/reader";
import type { ClusterFacts, ConsulClient } from "../consul/client";
import { type ClusterIdentity, compareClusters, compareNodes, identityOfServers } from "../consul/clusterIdentity";
import { isCode } from "../errors";
import type { Reporter } from "../reporter";
import { reportUnknownFacts } from "./warnings";
import { remark } from "../text";

/**
 * Reads the datacenter and the version of the archive's cluster, as far as the token may, and says once what remains
 * unknown and why. If another cluster answers, its facts are dropped with a warning.
 *
 * @param meta - of the archive
 * @throws SnapshotError `INTERRUPTED`
 */
export async function readClusterFacts(
  client: Pick<ConsulClient, "agent" | "identity">,
  meta: SnapshotMeta,
  address: string,
  reporter: Reporter,
): Promise<ClusterFacts> {
  const { serverIds = [], ...facts } = await client.agent();
  const identity = await identityIfKnown(client);
  const archived = identityOfServers(meta.servers);
  const isOther =
    compareNodes(archived, serverIds) === "other" ||
    (identity !== undefined && compareClusters(archived, identity) === "other");
  if (!isOther) {
    reportUnknownFacts(facts, reporter);
    return facts;
  }
  reporter.warn(
    remark`the archive is from another cluster than the one that answers at ${address} now, so its datacenter and Consul version are left out: use the address of one cluster`,
  );
  return {};
}

async function identityIfKnown(client: Pick<ConsulClient, "identity">): Promise<ClusterIdentity | undefined> {
  try {
    return await client.identity();
  } catch (error) {
    if (isCode(error, "INTERRUPTED")) throw error;
    return undefined;
  }
}
