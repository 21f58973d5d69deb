/** The arguments as state keeps them, for later runs to compare with: how they are taken, replaced and compared. */

import { clusterSettings } from "./commonArgs";
import type { Sources } from "./consul/connection";
import type { Change, Value, Values } from "./lifecycle";
import { defined, same } from "./values";

/**
 * Those of the arguments that are named; of `connection` only which cluster is meant: no token, key or header.
 *
 * @param sources - stack configuration, which may name the cluster as well as the arguments do
 */
export function recordedArgs(names: readonly string[], inputs: Values, sources: Sources): Values {
  const args = Object.fromEntries(names.map((name) => [name, inputs[name]]));
  return defined({ ...args, connection: clusterSettings(inputs.connection, sources) });
}

/** State with the arguments of now in place of those before; one that was removed must not stay. */
export function withArgs(names: readonly string[], recorded: Values, args: Values): Values {
  const facts = Object.entries(recorded).filter(([name]) => !names.includes(name));
  return { ...Object.fromEntries(facts), ...args };
}

/**
 * A change of an argument that only state is told of; none where nothing changed.
 *
 * @param reason - one sentence
 */
export function recordedOnly(
  path: string,
  before: Value | undefined,
  now: Value | undefined,
  reason: string,
): Change[] {
  if (same(before, now)) return [];
  const kind = before === undefined ? "add" : now === undefined ? "delete" : "update";
  return [{ path, kind, replaces: false, reason }];
}
