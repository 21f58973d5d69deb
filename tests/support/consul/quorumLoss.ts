/** A cluster of three that loses two of them for good: what is left is one server without a leader. */

import { type ConsulCluster, type ConsulServer, fill, startCluster, until } from "./consul";
import { federated } from "./federated";
import { contentsByApi, untilItHolds } from "./contentsByApi";

/** Without network coordinates nothing writes to a quiet cluster by itself. */
const QUIET = { acl: true, config: { disable_coordinates: true } } as const;

export interface Lost {
  /** Of the one that is left, which has everything. */
  readonly survivor: ConsulServer;
  /** The management token of the cluster that was. */
  readonly token: string;
  /** What the cluster told when it was whole. */
  readonly told: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

export async function loseQuorum(): Promise<Lost> {
  const cluster = await startCluster(3, QUIET);
  const leader = await cluster.leader();
  await federated(leader, 1);
  await fill(leader);
  await leader.api("/v1/kv/app/greeting", { method: "PUT", body: "hello" });
  await replicated(cluster.servers, "app/greeting");
  const whole = await contentsByApi(leader);
  const [survivor, second] = await cluster.followers();
  if (survivor?.token === undefined || second === undefined) throw new Error("not a cluster of three with ACLs");
  await Promise.all([leader.kill(), second.kill()]);
  await until("the survivor to notice", async () =>
    (await survivor.api("/v1/status/leader")) === "" ? true : undefined,
  );
  return { survivor, token: survivor.token, told: whole, stop: () => cluster.stop() };
}

/** Three servers that are new, and know nothing of those before. */
export async function startReplacement(): Promise<ConsulCluster> {
  const cluster = await startCluster(3, { ...QUIET, names: "replacement-" });
  await federated(await cluster.leader(), 1);
  return cluster;
}

/** Waits until each of the new servers holds itself what the old ones did, and of its own nothing but its token. */
export async function untilItHoldsAll({ servers }: ConsulCluster, { told, token }: Lost): Promise<void> {
  const own = servers[0]?.token;
  const but = (all: Record<string, unknown>): Record<string, unknown> => {
    const tokens = all["/v1/acl/tokens"] as { SecretID: string }[];
    return { ...all, "/v1/acl/tokens": tokens.filter(({ SecretID }) => SecretID !== own) };
  };
  for (const server of servers) await untilItHolds(server, told, { token, but });
}

/** A log has an order: who has the last write has all of them. */
async function replicated(servers: readonly ConsulServer[], last: string): Promise<void> {
  await until("all servers to have the last write", async () => {
    const answers = await Promise.all(servers.map((server) => server.fetch(`/v1/kv/${last}?stale`)));
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    return answers.every(({ status }) => status === 200) ? true : undefined;
  });
}
