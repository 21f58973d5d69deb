/** Fills a Consul with things of every kind that a snapshot holds. */
import { randomBytes, randomInt } from "node:crypto";
import type { ConsulServer } from "./server";

/** How many of each. Default: a few of everything; the ACL things only where ACLs are on. */
export interface Filling {
  readonly keys?: number;
  readonly services?: number;
  readonly sessions?: number;
  readonly queries?: number;
  readonly configEntries?: number;
  readonly intentions?: number;
  readonly policies?: number;
  readonly roles?: number;
  readonly tokens?: number;
}

/** Puts in some of everything; also leaves a tombstone behind. */
export async function fill(server: ConsulServer, filling: Filling = {}): Promise<void> {
  const put = (path: string, body: unknown) => server.api(path, { method: "PUT", body });
  const some = (count: number | undefined, initial: number) => Array.from({ length: count ?? initial }, (_, i) => i);

  await fillKv(server, { keys: filling.keys ?? 20, bytes: 200 });
  await put("/v1/kv/deleted", "soon gone");
  await server.api("/v1/kv/deleted", { method: "DELETE" });

  for (const i of some(filling.services, 3)) {
    await put("/v1/catalog/register", {
      Node: `node-${i}`,
      Address: `10.0.0.${(i % 250) + 1}`,
      NodeMeta: { rack: `r${i}`, zone: "a" },
      Service: {
        ID: `web-${i}`,
        Service: "web",
        Tags: ["v1", `n${i}`],
        Port: 8080,
        Meta: { version: "1", owner: "b" },
      },
      Check: { CheckID: `web-${i}-up`, Name: "up", Status: "passing", ServiceID: `web-${i}`, Output: "ok" },
    });
  }
  for (const i of some(filling.sessions, 2)) {
    await put("/v1/session/create", { Node: server.name, Name: `session-${i}`, Checks: [], Behavior: "release" });
  }
  for (const i of some(filling.queries, 2)) {
    const query = { Name: `query-${i}`, Service: { Service: "web" } };
    await server.api("/v1/query", { method: "POST", body: query });
  }
  for (const i of some(filling.configEntries, 1)) {
    await put("/v1/config", { Kind: "service-defaults", Name: `service-${i}`, Protocol: "http" });
  }
  for (const i of some(filling.intentions, 1)) {
    await put(`/v1/connect/intentions/exact?source=source-${i}&destination=web`, { Action: "allow" });
  }
  if (server.token === undefined) return;
  for (const i of some(filling.policies, 2)) {
    await put("/v1/acl/policy", { Name: `policy-${i}`, Rules: `key_prefix "p${i}/" { policy = "read" }` });
  }
  for (const i of some(filling.roles, 1)) {
    await put("/v1/acl/role", { Name: `role-${i}`, ServiceIdentities: [{ ServiceName: "web" }] });
  }
  for (const i of some(filling.tokens, 2)) {
    await put("/v1/acl/token", { Description: `token-${i}`, ServiceIdentities: [{ ServiceName: "web" }] });
  }
}

export interface KvFilling {
  readonly keys: number;
  /** Of each value. */
  readonly bytes: number;
  /** Default: `fill/`. */
  readonly prefix?: string;
}

/** What Consul takes in one transaction. */
const KEYS_PER_TRANSACTION = 64;
/** The largest request body that `/v1/txn` takes, less some room for base64 and the JSON around the values. */
const BYTES_PER_TRANSACTION = 300 * 1024;

/**
 * Writes keys fast: many to a transaction, eight transactions at a time. The values are words, which gzip shrinks to
 * four tenths: 150,000 keys of 1,600 bytes give a state of 253 MB and an archive of more than 80 MB.
 */
export async function fillKv(server: ConsulServer, { keys, bytes, prefix = "fill/" }: KvFilling): Promise<void> {
  const perTransaction = Math.max(1, Math.min(KEYS_PER_TRANSACTION, Math.floor(BYTES_PER_TRANSACTION / bytes)));
  const text = words(2 * 1024 * 1024 + bytes);
  let next = 0;

  const write = async () => {
    while (next < keys) {
      const first = next;
      next = Math.min(keys, first + perTransaction);
      const operations = Array.from({ length: next - first }, (_, i) => {
        const start = randomInt(text.length - bytes);
        const Value = text.toString("base64", start, start + bytes);
        const group = String(Math.floor((first + i) / 1000));
        return { KV: { Verb: "set", Key: `${prefix}${group}/${String(first + i)}`, Value } };
      });
      await server.api("/v1/txn", { method: "PUT", body: operations });
    }
  };
  await Promise.all(Array.from({ length: 8 }, write));
}

/** Far more text than gzip looks back over, of words that it has not all seen before. */
function words(length: number): Buffer {
  const vocabulary = Array.from({ length: 4096 }, () => randomBytes(5).toString("hex").slice(randomInt(5)));
  const text: string[] = [];
  for (let size = 0; size < length; ) {
    const word = vocabulary[randomInt(vocabulary.length)]!;
    text.push(word);
    size += word.length + 1;
  }
  return Buffer.from(text.join(" "));
}
