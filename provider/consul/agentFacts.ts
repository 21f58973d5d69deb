/**
 * Extracts facts about a cluster from Consul's responses. It sends no requests; facts that the responses do not contain
 * are left out.
 */

import { safeServerId } from "../serverId";
import { isPlainName } from "../text";

/** Facts about a cluster. */
export interface ClusterFacts {
  readonly datacenter?: string;
  /** The version of the servers; absent while they run different ones. */
  readonly consulVersion?: string;
  /** If one of them is unknown: the first reason, as a clause without a full stop. */
  readonly unknownReason?: string;
  /** The servers' node ids, which equal their Raft ids, if the response with the facts contains them. */
  readonly serverIds?: readonly string[];
}

export interface AgentFacts {
  readonly datacenter: string;
  readonly version: string;
  readonly isServer: boolean;
  readonly nodeId?: string;
}

/** @param answer - the response to `/v1/agent/self` */
export function readAgent(answer: unknown): AgentFacts | undefined {
  const config = field(answer, "Config");
  const datacenter = field(config, "Datacenter");
  const version = field(config, "Version");
  if (typeof datacenter !== "string" || typeof version !== "string") return undefined;
  if (!isPlainName(datacenter) || !isPlainName(version)) return undefined;
  const nodeId = field(config, "NodeID");
  const isServer = field(config, "Server") === true;
  return {
    datacenter,
    version,
    isServer,
    ...(typeof nodeId === "string" && nodeId !== "" ? { nodeId: safeServerId(nodeId) } : {}),
  };
}

/**
 * The last index in a server's Raft log; `undefined` if a client agent responds.
 *
 * @param answer - the response to `/v1/agent/self`
 */
export function readLastLogIndex(answer: unknown): number | undefined {
  const text = field(field(field(answer, "Stats"), "raft"), "last_log_index");
  return typeof text === "string" && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** @param answer - the response to `/v1/catalog/datacenters`, which requires no token */
export function readDatacenters(answer: unknown): string[] {
  return Array.isArray(answer) ? answer.filter((name) => typeof name === "string") : [];
}

/**
 * The version of all servers.
 *
 * @param answer - the response to `/v1/catalog/service/consul`, where each server registers itself
 */
export function readServersVersion(
  answer: unknown,
): { version: string; serverIds: readonly string[] } | { reason: string } {
  // A missing response has a different reason than an empty one.
  if (answer === undefined) return { reason: "the servers were not listed" };
  if (!Array.isArray(answer)) return { reason: "the answer of /v1/catalog/service/consul is not a list of servers" };
  const entries: unknown[] = answer;
  const versions = new Set(entries.map((entry) => field(field(entry, "ServiceMeta"), "version")));
  const [version] = versions;
  if (versions.size > 1) return { reason: "the servers run different versions" };
  if (typeof version === "string" && !isPlainName(version)) return { reason: "the servers' version is invalid" };
  const ids = entries.map((entry) => field(entry, "ID")).filter((id) => typeof id === "string");
  if (typeof version === "string") return { version, serverIds: ids.filter((id) => id !== "").map(safeServerId) };
  return entries.length === 0
    ? { reason: "the catalog lists no server, as it does for a request without node:read and service:read" }
    : { reason: "the catalog does not list the version of the servers" };
}

/** A field of a response; `undefined` if there is none. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
