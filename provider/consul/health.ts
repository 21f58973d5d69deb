/** Parses the health of a cluster's servers as reported by autopilot. It sends no requests. */

import { safeServerId } from "../serverId";
import { cleanText, isPlainName } from "../text";
import { field } from "./agentFacts";

/** One server, as autopilot sees it. */
export interface ServerHealth {
  readonly id: string;
  readonly name: string;
  /** The server's RPC address, in the same form as the leader's address from the status endpoint. */
  readonly address: string;
  readonly healthy: boolean;
  /** Whether the other servers can reach it. */
  readonly alive: boolean;
  readonly voter: boolean;
  readonly leader: boolean;
  /** The last index of its log, as of a few seconds ago. */
  readonly lastIndex: number;
  /** The Consul version; empty if the response contains no valid one. */
  readonly version: string;
}

/** Why it cannot be read: the token lacks permission, or the agent's configuration or a proxy blocks the path. */
export type HealthRefusal = "denied" | "blocked";

export interface ClusterHealth {
  readonly healthy: boolean;
  readonly servers: readonly ServerHealth[];
}

/**
 * @param answer - the response to `/v1/operator/autopilot/health`
 * @returns `undefined` just after an election, while autopilot has not queried the servers yet, and for what is no such response
 */
export function readHealth(answer: unknown): ClusterHealth | undefined {
  const healthy = field(answer, "Healthy");
  const list = field(answer, "Servers");
  if (typeof healthy !== "boolean" || !Array.isArray(list) || list.length === 0) return undefined;
  // A cluster is identified by the ids.
  if (list.some((server: unknown) => cleanText(textOf(server, "ID")) === "")) return undefined;
  return {
    healthy,
    servers: list.map((server: unknown) => ({
      id: safeServerId(textOf(server, "ID")),
      name: cleanText(textOf(server, "Name") || textOf(server, "ID")),
      address: cleanText(textOf(server, "Address")),
      healthy: field(server, "Healthy") === true,
      alive: field(server, "SerfStatus") === "alive",
      voter: field(server, "Voter") === true,
      leader: field(server, "Leader") === true,
      lastIndex: Number(field(server, "LastIndex")),
      version: plainName(field(server, "Version")),
    })),
  };
}

function textOf(server: unknown, name: string): string {
  const value = field(server, name);
  return typeof value === "string" ? value : "";
}

function plainName(value: unknown): string {
  return typeof value === "string" && isPlainName(value) ? value : "";
}
