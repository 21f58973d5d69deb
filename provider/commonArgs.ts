/** What the arguments of both resources have in common: their names are checked, and they say which Consul is meant. */

import { checkConnection, type ConnectionArgs, type Sources } from "./consul/connection";
import { type Context, type Identity, isRecord, type Problem, UNKNOWN, type Value, type Values } from "./lifecycle";
import { suggestion } from "./nearest";
import { defined } from "./values";

/** The parts of `connection` that say which cluster is meant, rather than how to reach it. */
export const CLUSTER_SETTINGS = ["address", "scheme", "datacenter", "config"] as const;

/** Added by the SDK, not by a user: where the resource stands in its program. */
const ADDED: readonly string[] = ["identity", "__provider"];

/** Names that are no argument, each with the one that may have been meant. */
export function checkNames(inputs: Values, known: readonly string[], resource: string): Problem[] {
  return Object.keys(inputs).flatMap((name): Problem[] => {
    if (known.includes(name) || ADDED.includes(name)) return [];
    return [{ path: name, reason: `${name} is not an argument of ${resource}: ${suggestion(name, known)}` }];
  });
}

export function checkConnectionArgs({ connection }: Values, sources: Sources): Problem[] {
  if (connection === UNKNOWN) return [];
  if (connection !== undefined && !isRecord(connection)) {
    return [{ reason: 'connection is an object, such as { address: "consul.example:8500" }' }];
  }
  return checkConnection(connection ?? {}, sources);
}

/** The connection's settings that are known; whether each is of the right kind is for the check to say. */
export function readConnectionArgs({ connection }: Values): ConnectionArgs {
  if (!isRecord(connection)) return {};
  return Object.fromEntries(Object.entries(connection).filter(([, value]) => value !== UNKNOWN));
}

/**
 * Which cluster is meant, from the argument or stack configuration. The environment is left out: it differs from one
 * operator's machine to the next, and that alone changes nothing about what was done.
 */
export function clusterSettings(connection: Value | undefined, sources: Sources): Value {
  if (connection === UNKNOWN) return UNKNOWN;
  const given = isRecord(connection) ? connection : {};
  const namespace = typeof given.config === "string" ? given.config : "consul";
  return defined(
    Object.fromEntries(CLUSTER_SETTINGS.map((name) => [name, given[name] ?? sources.config(`${namespace}:${name}`)])),
  );
}

export function sourcesOf(context: Context): Sources {
  return { config: (key) => context.config(key), env: process.env };
}

/** @param name - of the resource, where the host does not know where it stands */
export function identityOf(context: Context, name: string): Identity {
  return context.identity ?? { organization: "organization", project: "project", stack: "stack", name };
}
