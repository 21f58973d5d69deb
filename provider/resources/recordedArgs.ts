/** The arguments that state stores, for later runs to compare with: how they are selected, replaced and compared. */

import type { OutputTable } from "../args/tables/outputs";
import type { Table } from "../args/tables/row";
import type { Sources } from "../consul/connection";
import { type Change, UNKNOWN, type Value, type Values } from "../lifecycle";
import { defined, same } from "../values";
import { clusterSettings } from "./commonArgs";

/**
 * The arguments whose change has an effect; of `connection` only which cluster is meant: no token, key or header.
 *
 * @param table - of the resource
 * @param sources - stack configuration, which may set the cluster as well as the arguments do
 */
export function recordedArgs(table: Table, inputs: Values, sources: Sources): Values {
  const args = Object.fromEntries(recordedNames(table).map((name) => [name, inputs[name]]));
  return defined({ ...args, connection: clusterSettings(inputs.connection, sources) });
}

/** State with the current arguments in place of the former; one that was removed must not stay. */
export function withArgs(table: Table, recorded: Values, args: Values): Values {
  const names = recordedNames(table);
  const facts = Object.entries(recorded).filter(([name]) => !names.includes(name));
  return { ...Object.fromEntries(facts), ...args };
}

/** Each of a table's outputs, while it is not known. */
export function unknownOutputs(table: OutputTable): Values {
  return Object.fromEntries(Object.keys(table).map((name) => [name, UNKNOWN]));
}

/** The value of an argument, or the default that stands for it. */
export function valueIn(table: Table, name: string, values: Values): Value | undefined {
  return values[name] ?? table[name]?.default;
}

/**
 * A change of an argument that is only stored in state; none where nothing changed.
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

function recordedNames(table: Table): string[] {
  return Object.entries(table).flatMap(([name, { effect }]) => (effect === "none" ? [] : [name]));
}
