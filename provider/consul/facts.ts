/** What Consul's answers tell about a cluster. Nothing here asks; what is not told is left out. */

/** What Consul tells about itself. */
export interface ClusterFacts {
  readonly datacenter?: string;
  /** The version of the servers; left out while they run different ones. */
  readonly consulVersion?: string;
}

export interface AgentFacts {
  readonly datacenter: string;
  readonly version: string;
  readonly isServer: boolean;
}

/** @param answer - of `/v1/agent/self` */
export function readAgent(answer: unknown): AgentFacts | undefined {
  const config = field(answer, "Config");
  const datacenter = field(config, "Datacenter");
  const version = field(config, "Version");
  if (typeof datacenter !== "string" || typeof version !== "string") return undefined;
  return { datacenter, version, isServer: field(config, "Server") === true };
}

/** @param answer - of `/v1/catalog/datacenters`, which needs no token */
export function readDatacenters(answer: unknown): string[] {
  return Array.isArray(answer) ? answer.filter((name) => typeof name === "string") : [];
}

/**
 * The version that all servers tell; `undefined` if they differ, tell none, or the token may not see them.
 *
 * @param answer - of `/v1/catalog/service/consul`, where each server registers itself
 */
export function readServersVersion(answer: unknown): string | undefined {
  const entries: unknown[] = Array.isArray(answer) ? answer : [];
  const versions = new Set(entries.map((entry) => field(field(entry, "ServiceMeta"), "version")));
  const [version] = versions;
  return versions.size === 1 && typeof version === "string" ? version : undefined;
}

/** A field of an answer; nothing where there is none. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
