/** Every step of a restore must reach the same cluster as the first step. */

import type { SnapshotMeta } from "../archive/reader";
import type { ConsulClient } from "../consul/client";
import {
  areCopies,
  areOnlyAddressesKnown,
  type ClusterIdentity,
  compareClusters,
  describeIdentity,
  identityOfServers,
} from "../consul/clusterIdentity";
import { readCluster } from "./currentState";
import { type NothingRestored, refused } from "./guards";

/**
 * Identifies the cluster that answers on the connection that sends. If the token reads nothing that tells two clusters of
 * equal addresses apart, the state itself does: it has the servers' ids.
 *
 * @throws NothingRestored as `confirmCluster` does; SnapshotError where the state cannot be read
 */
export async function confirmConnection(
  client: ConsulClient,
  expected: ClusterIdentity,
  address: string,
  step: string,
): Promise<void> {
  const found = await confirmCluster(client, expected, address, step);
  if (!areOnlyAddressesKnown(expected, found)) return;
  const { meta } = await readCluster(client);
  requireSameCluster(expected, identityOfServers(meta.servers), address, step);
}

/**
 * Identifies the cluster that answers.
 *
 * @param expected - the cluster of the first step
 * @returns the cluster that answered
 * @throws NothingRestored if another cluster answers, or if it cannot be identified
 */
export async function confirmCluster(
  client: Pick<ConsulClient, "identity">,
  expected: ClusterIdentity,
  address: string,
  step: string,
): Promise<ClusterIdentity> {
  const found = await client.identity();
  requireSameCluster(expected, found, address, step);
  return found;
}

/**
 * Compares a cluster with the servers in a snapshot of its current state, if those of both are known.
 *
 * @throws NothingRestored if the snapshot is of another cluster
 */
export function requireStateOf(
  expected: ClusterIdentity,
  { servers }: Pick<SnapshotMeta, "servers">,
  address: string,
): void {
  const inState = identityOfServers(servers);
  if (compareClusters(expected, inState) === "unknown") return;
  requireSameCluster(expected, inState, address, "to the request for the current state");
}

/** @throws NothingRestored unless both are known to be the same cluster */
export function requireSameCluster(
  expected: ClusterIdentity,
  found: ClusterIdentity,
  address: string,
  step: string,
): void {
  if (areCopies(expected, found)) {
    throw refused(
      "cluster",
      `another cluster answers at ${address} ${step}: its servers have the same ids at other addresses, as copies of machines have: ${found.serverAddresses.join(", ")}, and before ${expected.serverAddresses.join(", ")}`,
    );
  }
  const comparison = compareClusters(expected, found);
  if (comparison !== "same") throw notTheSame(comparison, expected, found, address, step);
}

function notTheSame(
  comparison: "other" | "unknown",
  expected: ClusterIdentity,
  found: ClusterIdentity,
  address: string,
  step: string,
): NothingRestored {
  if (comparison === "other") {
    return refused(
      "cluster",
      `another cluster answers at ${address} ${step}: it has ${describeIdentity(found)}, and before it was ${describeIdentity(expected)}`,
    );
  }
  return refused("cluster", `it is unknown which cluster answers at ${address} ${step}`, {
    hint: "Use a token that can also read the servers' ids (operator:read), or the address of a server instead of that of a proxy.",
  });
}
