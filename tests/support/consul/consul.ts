/**
 * Real, throwaway Consul: one server, or a cluster, on the loopback address with free ports. What is started has a
 * leader and serves; what is not stopped ends with the test process.
 */
import { randomUUID } from "node:crypto";
import { type ConsulOptions, type ConsulServer, launch, until } from "./server";
import { freePorts, LOOPBACK } from "../programs/ports";

export {
  CONSUL_NAMES,
  CONSUL_VERSIONS,
  type ConsulName,
  consulBinary,
  DEFAULT_CONSUL,
  type Inspection,
  inspect,
  NEWEST_AND_OLDEST,
} from "./binary";
export { type Filling, fill, fillKv } from "./fill";
export { type ApiInit, type ConsulOptions, type ConsulServer, eventually, until } from "./server";

export interface ConsulCluster {
  readonly servers: readonly ConsulServer[];
  /** The server that leads, once the servers that answer agree on one. */
  leader(): Promise<ConsulServer>;
  /** The servers that do not lead. */
  followers(): Promise<ConsulServer[]>;
  stop(): Promise<void>;
}

/** Starts one server; returns when it leads and serves (and, with ACLs, knows its token). */
export async function startConsul(options: ConsulOptions = {}): Promise<ConsulServer> {
  const { servers } = await startCluster(1, options);
  return servers[0]!;
}

/** Starts servers that form one cluster; returns when all of them are voters and serve. */
export async function startCluster(count: number, options: ConsulOptions = {}): Promise<ConsulCluster> {
  for (let attempt = 1; ; attempt++) {
    const servers = await launchAll(count, options);
    const cluster: ConsulCluster = {
      servers,
      leader: () => leader(servers),
      followers: async () => {
        const leading = await leader(servers);
        return servers.filter((server) => server !== leading);
      },
      stop: async () => {
        await Promise.all(servers.map((server) => server.stop()));
      },
    };
    try {
      await Promise.all(servers.map((server) => serving(server, count)));
      return cluster;
    } catch (error) {
      await cluster.stop();
      // Another program may have taken a port between our look and the server's bind.
      const portWasTaken = servers.some((server) => server.log().includes("address already in use"));
      if (portWasTaken && attempt < 3) continue;
      const logs = servers.map((server) => `--- ${server.name}\n${server.log().slice(-8000)}`);
      throw new Error(`Consul did not start: ${String(error)}\n${logs.join("\n")}`, { cause: error });
    }
  }
}

/**
 * Waits until each server's agent has registered itself: it does so some seconds after it serves, and a restore that
 * comes before differs from the cluster by that.
 */
export async function untilRegistered([first, ...others]: readonly ConsulServer[]): Promise<void> {
  if (first === undefined) return;
  await until("the agents to register themselves", async () => {
    const nodes = (await first.api("/v1/catalog/nodes")) as { Node: string; Meta: Record<string, string> | null }[];
    // The leader registers a node without metadata.
    const complete = new Set(nodes.flatMap(({ Node, Meta }) => (Object.keys(Meta ?? {}).length > 0 ? [Node] : [])));
    return [first, ...others].every(({ name }) => complete.has(name)) ? true : undefined;
  });
}

async function launchAll(count: number, options: ConsulOptions): Promise<ConsulServer[]> {
  const token = options.acl ? randomUUID() : undefined;
  const ports = await freePorts(count * 3);
  const [http, serf, rpc] = [ports.slice(0, count), ports.slice(count, count * 2), ports.slice(count * 2)];
  const join = serf.map((port) => `${LOOPBACK}:${port}`);
  return Promise.all(
    http.map((port, i) => {
      const place = { name: `${options.names ?? "server-"}${i + 1}`, http: port, serf: serf[i]!, rpc: rpc[i]!, join };
      return launch(token === undefined ? place : { ...place, token }, options);
    }),
  );
}

/** Waits until the server knows a leader, sees all voters, and answers a consistent read with its token. */
async function serving(server: ConsulServer, voters: number): Promise<void> {
  const outcome = await until(`${server.name} to serve`, async () => {
    if (!server.running) return "ended";
    const raft = (await server.api("/v1/operator/raft/configuration")) as { Servers: { Voter: boolean }[] };
    const read = await server.fetch("/v1/kv/ready?consistent");
    await read.arrayBuffer();
    return raft.Servers.filter(({ Voter }) => Voter).length === voters && read.status === 404 ? "serves" : undefined;
  });
  if (outcome === "ended") throw new Error(`${server.name} ended`);
}

async function leader(servers: readonly ConsulServer[]): Promise<ConsulServer> {
  return until("a leader", async () => {
    const told = await Promise.allSettled(servers.map((server) => server.api("/v1/status/leader")));
    const names = new Set(told.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : [])));
    const [only] = names;
    return names.size === 1 ? servers.find((server) => server.rpcAddress === only && server.running) : undefined;
  });
}
