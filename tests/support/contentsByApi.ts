/** Everything that a user has put into a cluster, as Consul's API tells it. */

import type { ConsulServer } from "./consul";

const PATHS = [
  "/v1/kv/?recurse",
  "/v1/catalog/service/web",
  "/v1/session/list",
  "/v1/query",
  "/v1/config/service-defaults",
  "/v1/connect/intentions",
] as const;

const ACL_PATHS = ["/v1/acl/policies", "/v1/acl/roles", "/v1/acl/tokens"] as const;

/** @param token - default: the server's own; where there is none, ACLs are not asked for */
export async function contentsByApi(server: ConsulServer, token = server.token): Promise<Record<string, unknown>> {
  const paths = [...PATHS, ...(token === undefined ? [] : ACL_PATHS)];
  const ask = async (path: string): Promise<[string, unknown]> => [
    path,
    await server.api(path, token === undefined ? {} : { token }),
  ];
  return Object.fromEntries(await Promise.all(paths.map(ask)));
}
