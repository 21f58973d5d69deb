/** Determines the secret arguments: those that the program marks, and those that the tables mark. */

import { NOUNS } from "../../args/tables/nouns";
import type { Table } from "../../args/tables/row";
import { isRecord, type Values } from "../../lifecycle";
import { joinMarks, type Marks, marksIn, marksOfEntries, valuesFromWire, type WireObject } from "../values";

export interface MarkedValues {
  readonly values: Values;
  /** The secret parts. */
  readonly marks: Marks | undefined;
}

/** Reads the arguments of a table, with their secret parts. */
export function readWire(table: Table, wire: WireObject): MarkedValues {
  const values = valuesFromWire(wire);
  return { values, marks: joinMarks(marksIn(wire), secretArguments(table, values)) };
}

/**
 * The parts that the table marks as secret, even if the program does not. Unknown names are not marked; the check
 * refuses them.
 */
export function secretArguments(table: Table, values: Values): Marks | undefined {
  return marksOfEntries(
    Object.entries(table).map(([name, { secret, kind }]) => {
      const value = values[name];
      if (value === undefined || value === null) return [name, undefined] as const;
      if (secret === true) return [name, true] as const;
      const isNested = kind.type === "object" && isRecord(value);
      return [name, isNested ? secretArguments(NOUNS[kind.noun], value) : undefined] as const;
    }),
  );
}
