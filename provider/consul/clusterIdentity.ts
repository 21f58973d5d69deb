/**
 * The identity of a cluster. Servers keep their Raft ids for life, so two answers that share an id come from the same
 * cluster, regardless of address, name or load balancer. The datacenter name does not identify a cluster: the default
 * is always `dc1`. A token that may not read these ids can still read marks, which each cluster chooses at random.
 */

import { compact } from "../compact";
import { isHashedId, safeServerId, shareServer } from "../serverId";
import { field } from "./agentFacts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface ClusterIdentity {
  /** The safe Raft ids of the servers; empty if the token may not read them (`operator = "read"`). */
  readonly serverIds: readonly string[];
  /** `host:port` of the servers' RPC, readable without permission; empty if unknown. */
  readonly serverAddresses: readonly string[];
  readonly datacenter?: string;
  /**
   * What differs between clusters and every token may read, by name; asked only if the ids are unknown. A restore replaces
   * it: compare it only before.
   */
  readonly marks?: Readonly<Record<string, string>>;
}

export type ClusterComparison = "same" | "other" | "unknown";

/**
 * Compares by Raft ids. If those of one side are unknown, compares by server addresses, which two clusters behind one
 * address rarely share, and by marks: whatever is known of both must be equal.
 */
export function compareClusters(one: ClusterIdentity, other: ClusterIdentity): ClusterComparison {
  const byId = compareSets(one.serverIds, other.serverIds);
  if (byId !== "unknown") return byId;
  const compared = [compareSets(one.serverAddresses, other.serverAddresses), compareMarks(one, other)];
  return compared.find((each) => each === "other") ?? compared.find((each) => each === "same") ?? "unknown";
}

/** Whether two identities are only known to be equal by addresses, which two clusters can share (containers on two hosts). */
export function areOnlyAddressesKnown(one: ClusterIdentity, other: ClusterIdentity): boolean {
  return compareSets(one.serverIds, other.serverIds) === "unknown" && compareMarks(one, other) === "unknown";
}

function compareMarks({ marks: one = {} }: ClusterIdentity, { marks: other = {} }: ClusterIdentity): ClusterComparison {
  const known = Object.entries(one).filter(([name]) => Object.hasOwn(other, name));
  if (known.length === 0) return "unknown";
  return known.every(([name, value]) => other[name] === value) ? "same" : "other";
}

/**
 * Compares a cluster with the node ids of servers, which equal their Raft ids. With Raft protocol 2, Raft ids are
 * addresses, which two clusters can share (containers on two hosts), so the result is unknown.
 */
export function compareNodes({ serverIds }: ClusterIdentity, nodeIds: readonly string[]): ClusterComparison {
  const isUnique = (id: string): boolean => UUID.test(id) || isHashedId(id);
  return compareSets(serverIds.filter(isUnique), nodeIds.filter(isUnique));
}

/**
 * Whether two identities, read at the same time, share ids but no address: machines that were copied with their disks
 * keep the ids of the original. Servers can change their addresses, but not all at once.
 */
export function areCopies(one: ClusterIdentity, other: ClusterIdentity): boolean {
  return (
    compareSets(one.serverIds, other.serverIds) === "same" &&
    compareSets(one.serverAddresses, other.serverAddresses) === "other"
  );
}

function compareSets(one: readonly string[], other: readonly string[]): ClusterComparison {
  if (one.length === 0 || other.length === 0) return "unknown";
  return shareServer(one, other) ? "same" : "other";
}

/** The identity in the meta.json of an archive. */
export function identityOfServers(
  servers: readonly { readonly id: string; readonly address: string }[],
  datacenter?: string,
): ClusterIdentity {
  return compact({
    serverIds: textsOf(servers.map(({ id }) => id)),
    serverAddresses: textsOf(servers.map(({ address }) => address)),
    datacenter,
  });
}

/**
 * @param answer - the response to `/v1/operator/raft/configuration`
 * @returns `undefined` if it contains no server
 */
export function readRaftIdentity(answer: unknown): ClusterIdentity | undefined {
  const servers = listOf(field(answer, "Servers"));
  const serverIds = textsOf(servers.map((server) => field(server, "ID")));
  if (serverIds.length === 0) return undefined;
  return { serverIds, serverAddresses: textsOf(servers.map((server) => field(server, "Address"))) };
}

/**
 * The marks of a cluster: which token it knows under the token's secret, since when, and the id of its service mesh. Two
 * clusters that were set up with the same secrets give other accessor ids, or at least other times. Never the secret itself.
 *
 * @param token - the response to `/v1/acl/token/self`
 * @param roots - the response to `/v1/connect/ca/roots`
 */
export function readMarks(token: unknown, roots: unknown): Readonly<Record<string, string>> {
  const [accessor, created, trustDomain] = [
    field(token, "AccessorID"),
    field(token, "CreateTime"),
    field(roots, "TrustDomain"),
  ];
  const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
  return {
    ...(isText(accessor) && isText(created) ? { token: `${accessor} ${created}` } : {}),
    ...(isText(trustDomain) ? { trustDomain } : {}),
  };
}

/** @param answer - the response to `/v1/status/peers` */
export function readPeers(answer: unknown): string[] {
  return textsOf(listOf(answer));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Ids or addresses. State, receipts and plans contain them. */
function textsOf(values: readonly unknown[]): string[] {
  return values.flatMap((value) => (typeof value === "string" && value !== "" ? safeServerId(value) : []));
}

/** For a message: `server 75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11 and 2 more`. */
export function describeIdentity({ serverIds, serverAddresses }: ClusterIdentity): string {
  const [first, ...others] = serverIds.length > 0 ? serverIds : serverAddresses;
  if (first === undefined) return "unknown servers";
  return `server ${first}${others.length === 0 ? "" : ` and ${others.length} more`}`;
}
