/** Everything that a user has put into a cluster, as Consul's API tells it. */

import { expect } from "chai";
import { type ConsulServer, until } from "./consul";

const PATHS = [
  "/v1/kv/?recurse",
  "/v1/catalog/service/web",
  "/v1/session/list",
  "/v1/query",
  "/v1/config/service-defaults",
  "/v1/connect/intentions",
] as const;

const ACL_PATHS = ["/v1/acl/policies", "/v1/acl/roles", "/v1/acl/tokens"] as const;

type Contents = Record<string, unknown>;

/**
 * What the cluster holds, as its leader tells it, whichever server is asked.
 *
 * @param token - default: the server's own; where there is none, ACLs are not asked for
 */
export async function contentsByApi(server: ConsulServer, token = server.token): Promise<Contents> {
  return ask(server, token, (path) => path);
}

/** Waits until a server holds itself what is expected, which comes to a follower a moment after the leader. */
export async function untilItHolds(
  server: ConsulServer,
  expected: Readonly<Contents>,
  { token = server.token, but = (contents: Contents) => contents } = {},
): Promise<void> {
  await until(`${server.name} to hold all of it`, async () => {
    const contents = await ask(server, token, (path) => `${path}${path.includes("?") ? "&" : "?"}stale`);
    expect(but(contents)).to.deep.equal(expected);
    return true;
  });
}

async function ask(server: ConsulServer, token: string | undefined, as: (path: string) => string): Promise<Contents> {
  const paths = [...PATHS, ...(token === undefined ? [] : ACL_PATHS)];
  const answers = paths.map(
    async (path): Promise<[string, unknown]> => [
      path,
      await server.api(as(path), token === undefined ? {} : { token }),
    ],
  );
  return Object.fromEntries(await Promise.all(answers));
}
