/** Selects, replaces and compares the arguments that state stores for later runs. */

import type { OutputTable } from "../args/tables/outputs";
import type { Table } from "../args/tables/row";
import type { Sources } from "../consul/connection";
import { type Change, UNKNOWN, type Value, type Values } from "../lifecycle";
import { defined, same } from "../values";
import { clusterSettings } from "./commonArgs";

/**
 * The arguments whose change has an effect. Of `connection`, only the settings that specify the cluster: no token, key or header.
 *
 * @param table - the resource's argument table
 * @param sources - stack configuration, which can also specify the cluster
 */
export function recordedArgs(table: Table, inputs: Values, sources: Sources): Values {
  const args = Object.fromEntries(recordedNames(table).map((name) => [name, inputs[name]]));
  return defined({ ...args, connection: clusterSettings(inputs.connection, sources) });
}

/** Replaces the arguments in state with the current ones; removed arguments do not stay. */
export function withArgs(table: Table, recorded: Values, args: Values): Values {
  const names = recordedNames(table);
  const facts = Object.entries(recorded).filter(([name]) => !names.includes(name));
  return { ...Object.fromEntries(facts), ...args };
}

/** All outputs of a table, as unknown values. */
export function unknownOutputs(table: OutputTable): Values {
  return Object.fromEntries(Object.keys(table).map((name) => [name, UNKNOWN]));
}

/** The value of an argument, or its default. */
export function valueIn(table: Table, name: string, values: Values): Value | undefined {
  return values[name] ?? table[name]?.default;
}

/**
 * The change of an argument that is only stored in state; none if it is unchanged.
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
