/** What Consul's answers tell about the servers of a cluster. Nothing here asks; what cannot be read is left out. */

import { field } from "./facts";

/** One server, as autopilot sees it. */
export interface ServerHealth {
  readonly id: string;
  readonly name: string;
  /** Where servers speak to it, as the status endpoint names leaders. */
  readonly address: string;
  readonly healthy: boolean;
  /** Whether the other servers reach it. */
  readonly alive: boolean;
  readonly voter: boolean;
  readonly leader: boolean;
  /** The last index of its log when it was asked last, some seconds ago. */
  readonly lastIndex: number;
  readonly version: string;
}

export interface ClusterHealth {
  readonly healthy: boolean;
  readonly servers: readonly ServerHealth[];
}

/**
 * @param answer - of `/v1/operator/autopilot/health`
 * @returns nothing while autopilot, a moment after an election, has not asked the servers yet
 */
export function readHealth(answer: unknown): ClusterHealth | undefined {
  const healthy = field(answer, "Healthy");
  const list = field(answer, "Servers");
  if (typeof healthy !== "boolean" || !Array.isArray(list) || list.length === 0) return undefined;
  return {
    healthy,
    servers: list.map((server: unknown) => ({
      id: String(field(server, "ID")),
      name: String(field(server, "Name")),
      address: String(field(server, "Address")),
      healthy: field(server, "Healthy") === true,
      alive: field(server, "SerfStatus") === "alive",
      voter: field(server, "Voter") === true,
      leader: field(server, "Leader") === true,
      lastIndex: Number(field(server, "LastIndex")),
      version: String(field(server, "Version")),
    })),
  };
}

/**
 * @param answer - of `/v1/operator/raft/configuration`
 * @returns the ids of the servers; none where that is no such answer
 */
export function readServerIds(answer: unknown): string[] {
  const list = field(answer, "Servers");
  if (!Array.isArray(list)) return [];
  return list.map((server: unknown) => field(server, "ID")).filter((id) => typeof id === "string");
}
