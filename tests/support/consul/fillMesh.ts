/** Fills a Consul with the service mesh: sidecars, and a configuration entry of every kind with every field that it takes. */

import { parseVersion, isBefore, type Version } from "../../../provider/archive/version";
import type { ConsulServer } from "./server";

type Json = Readonly<Record<string, unknown>>;

/** A version from 1.15 on refuses no entry below; where a field came after 1.12, `since` says when. */
const ENTRIES: readonly { readonly since?: Version; readonly entry: Json }[] = [
  {
    entry: {
      Kind: "proxy-defaults",
      Name: "global",
      Config: { protocol: "http", local_connect_timeout_ms: 1000, extra: { a: [1, { b: 2 }] } },
      MeshGateway: { Mode: "local" },
      Expose: { Checks: true, Paths: [{ Path: "/h", LocalPathPort: 1, ListenerPort: 2, Protocol: "http" }] },
      Meta: { one: "1", two: "2" },
    },
  },
  {
    entry: {
      Kind: "mesh",
      TransparentProxy: { MeshDestinationsOnly: false },
      TLS: { Incoming: { TLSMinVersion: "TLSv1_2" } },
      HTTP: { SanitizeXForwardedClientCert: true },
      Meta: { k: "v" },
    },
  },
  ...["web", "api", "db"].map((Name) => ({
    entry: {
      Kind: "service-defaults",
      Name,
      Protocol: "http",
      Meta: { o: "1", p: "2" },
      UpstreamConfig: {
        Defaults: { ConnectTimeoutMs: 500, Limits: { MaxConnections: 3 } },
        Overrides: [{ Name: "db", PassiveHealthCheck: { MaxFailures: 4, Interval: "2s" } }],
      },
    },
  })),
  {
    since: [1, 13],
    entry: {
      Kind: "service-defaults",
      Name: "outside",
      Protocol: "tcp",
      MaxInboundConnections: 7,
      Destination: { Addresses: ["example.com", "10.1.1.1"], Port: 443 },
    },
  },
  {
    since: [1, 14],
    entry: { Kind: "service-defaults", Name: "limits", LocalConnectTimeoutMs: 3, LocalRequestTimeoutMs: 4 },
  },
  {
    entry: {
      Kind: "service-resolver",
      Name: "api",
      DefaultSubset: "v1",
      Subsets: { v1: { Filter: 'Service.Meta.a == "1"' }, v2: { Filter: "Service.Meta.b == 2", OnlyPassing: true } },
      Failover: { "*": { Datacenters: ["dc1"] } },
      ConnectTimeout: "7s",
      LoadBalancer: { Policy: "maglev", HashPolicies: [{ Field: "header", FieldValue: "x" }] },
    },
  },
  { entry: { Kind: "service-resolver", Name: "elsewhere", Redirect: { Service: "db" } } },
  {
    since: [1, 14],
    entry: { Kind: "service-resolver", Name: "targets", Failover: { "*": { Targets: [{ Service: "db" }] } } },
  },
  {
    entry: {
      Kind: "service-splitter",
      Name: "api",
      Splits: [
        { Weight: 90, ServiceSubset: "v1", RequestHeaders: { Set: { a: "b" } } },
        { Weight: 10, ServiceSubset: "v2" },
      ],
    },
  },
  {
    entry: {
      Kind: "service-router",
      Name: "web",
      Routes: [
        {
          Match: {
            HTTP: {
              PathPrefix: "/admin",
              Header: [{ Name: "x", Exact: "1" }],
              QueryParam: [{ Name: "q", Present: true }],
              Methods: ["GET"],
            },
          },
          Destination: { Service: "api", NumRetries: 3, RetryOnStatusCodes: [502], PrefixRewrite: "/" },
        },
      ],
    },
  },
  {
    entry: {
      Kind: "ingress-gateway",
      Name: "ingress",
      TLS: { Enabled: true },
      Listeners: [
        {
          Port: 8080,
          Protocol: "http",
          Services: [{ Name: "web", Hosts: ["a.example"], RequestHeaders: { Add: { z: "1" } } }],
        },
      ],
    },
  },
  { entry: { Kind: "terminating-gateway", Name: "outbound", Services: [{ Name: "db", CAFile: "/ca", SNI: "s" }] } },
  {
    since: [1, 14],
    entry: {
      Kind: "exported-services",
      Name: "default",
      Services: [{ Name: "db", Consumers: [{ Peer: "other" }] }],
    },
  },
  {
    entry: {
      Kind: "service-intentions",
      Name: "api",
      Sources: [
        {
          Name: "web",
          Permissions: [
            { Action: "allow", HTTP: { PathPrefix: "/v1", Methods: ["GET"], Header: [{ Name: "h", Present: true }] } },
          ],
        },
        { Name: "*", Action: "deny", Description: "the others" },
      ],
      Meta: { m: "n" },
    },
  },
];

/** @param version - of the server, such as 1.14.11 */
export async function fillMesh(server: ConsulServer, version: string): Promise<void> {
  const own = parseVersion(version) ?? [0, 0];
  for (const { since, entry } of ENTRIES) {
    if (since === undefined || !isBefore(own, since)) await server.api("/v1/config", { method: "PUT", body: entry });
  }
}

/** Registers a service with its sidecar at the agent, and has the proxy's configuration resolved. */
export async function registerSidecar(server: ConsulServer, name: string): Promise<void> {
  const Upstreams = [{ DestinationName: "db", LocalBindPort: 9191, Config: { connect_timeout_ms: 1000 } }];
  const body = { Name: name, Port: 80, Connect: { SidecarService: { Proxy: { Upstreams } } } };
  await server.api("/v1/agent/service/register", { method: "PUT", body });
  await resolveSidecar(server, name);
}

/** Asks for what a proxy's configuration comes to, as an agent does for each of its proxies. */
export async function resolveSidecar(server: ConsulServer, name: string): Promise<void> {
  await server.api(`/v1/health/service/${name}-sidecar-proxy?merge-central-config`);
}
