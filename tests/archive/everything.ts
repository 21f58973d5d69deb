/** Real servers filled with every kind of record that can be had from outside. */

import { generateKeyPairSync } from "node:crypto";
import { type ConsulName, type ConsulServer, fill, startConsul, until } from "../support/consul/consul";
import { freePort } from "../support/programs/ports";

/**
 * What a snapshot of such a server holds: by version, for peering came with 1.13. What is missing to the table of types
 * cannot be had: legacy ACLs and intentions (gone before 1.12), what is only in Raft's log, and what came after 1.14.
 */
export const PROVOKED: Readonly<Record<ConsulName, readonly string[]>> = {
  "consul-1.12": common(),
  "consul-1.13": [...common(), "Peering", "PeeringTrustBundle", "PeeringSecret"],
  "consul-1.14": [...common(), "Peering", "PeeringTrustBundle", "PeeringSecret"],
};

function common(): string[] {
  return [
    "Register",
    "KVS",
    "Session",
    "Tombstone",
    "CoordinateBatchUpdate",
    "PreparedQuery",
    "Autopilot",
    "ConnectCA",
    "ConnectCAProviderState",
    "ConnectCAConfig",
    "Index",
    "ACLToken",
    "ACLPolicy",
    "ConfigEntry",
    "ACLRole",
    "ACLBindingRule",
    "ACLAuthMethod",
    "ChunkingState",
    "FederationState",
    "SystemMetadata",
    "ServiceVirtualIP",
    "FreeVirtualIP",
  ];
}

/** A server with ACLs that holds a record of every kind named above; from 1.13 on it is peered with another, both ways. */
export async function startFull(
  binary: ConsulName,
): Promise<{ readonly server: ConsulServer; readonly stop: () => Promise<void> }> {
  const server = await startConsul(await options(binary, "dc1"));
  const others: ConsulServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all([server, ...others].map((one) => one.stop()));
  };
  try {
    await fill(server);
    await fillRest(server);
    if (hasPeerings(binary)) {
      others.push(await startConsul(await options(binary, "dc2")));
      await peer(server, others[0]!, "to-other");
      await peer(others[0]!, server, "from-other");
    }
    return { server, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function options(binary: ConsulName, datacenter: string): Promise<Parameters<typeof startConsul>[0]> {
  return {
    binary,
    datacenter,
    acl: true,
    ...(hasPeerings(binary) && { grpcPort: await freePort(), config: { peering: { enabled: true } } }),
  };
}

function hasPeerings(binary: ConsulName): boolean {
  return PROVOKED[binary].includes("Peering");
}

export async function snapshot(server: ConsulServer): Promise<Buffer> {
  const response = await server.fetch("/v1/snapshot");
  if (!response.ok) throw new Error(`no snapshot: ${response.status} ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

/** @returns the answer's status and text; nothing where the server died in place of an answer */
export async function restore(
  server: ConsulServer,
  archive: Uint8Array,
): Promise<{ status: number; text: string } | undefined> {
  try {
    const response = await server.fetch("/v1/snapshot", { method: "PUT", body: archive });
    return { status: response.status, text: await response.text() };
  } catch {
    return undefined;
  }
}

async function fillRest(server: ConsulServer): Promise<void> {
  const put = (path: string, body: unknown): Promise<unknown> => server.api(path, { method: "PUT", body });
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await put("/v1/acl/auth-method", {
    Name: "machines",
    Type: "jwt",
    Config: {
      JWTValidationPubKeys: [publicKey.export({ type: "spki", format: "pem" })],
      ClaimMappings: { name: "name", team: "team", zone: "zone" },
    },
  });
  await put("/v1/acl/binding-rule", { AuthMethod: "machines", BindType: "service", BindName: "web" });
  await put("/v1/coordinate/update", {
    Node: server.name,
    Coord: { Adjustment: 0, Error: 1.5, Height: 0, Vec: [0, 0, 0, 0, 0, 0, 0, 0] },
  });
  await put("/v1/config", {
    Kind: "proxy-defaults",
    Name: "global",
    Config: { protocol: "http", local_connect_timeout_ms: 1000, handshake_timeout_ms: 2000 },
    Meta: { one: "1", two: "2", three: "3" },
  });
  const proxy = { Kind: "connect-proxy", Service: "web-proxy", Port: 9000 };
  for (const destination of ["web", "gone"]) {
    await put("/v1/catalog/register", {
      Node: "node-0",
      Address: "10.0.0.1",
      Service: { ...proxy, ID: `${destination}-proxy`, Proxy: { DestinationServiceName: destination } },
    });
  }
  await put("/v1/catalog/deregister", { Node: "node-0", ServiceID: "gone-proxy" });
  await until("the coordinate", async () => {
    const coordinates = (await server.api("/v1/coordinate/nodes")) as unknown[];
    return coordinates.length > 0 ? true : undefined;
  });
}

async function peer(acceptor: ConsulServer, dialer: ConsulServer, name: string): Promise<void> {
  const token = (await acceptor.api("/v1/peering/token", { method: "POST", body: { PeerName: name } })) as {
    PeeringToken: string;
  };
  await dialer.api("/v1/peering/establish", {
    method: "POST",
    body: { PeerName: name, PeeringToken: token.PeeringToken },
  });
  await until(`the peering ${name}`, async () => {
    const { State } = (await dialer.api(`/v1/peering/${name}`)) as { State: string };
    return State === "ACTIVE" ? true : undefined;
  });
}
