/** Reads the inputs of a call that belongs to no resource, checks them by their table and registers their secrets. */

import { checkRows } from "../../args/kinds";
import type { Table } from "../../args/tables/row";
import { SnapshotError } from "../../errors";
import type { Problem, Values } from "../../lifecycle";
import { registerSecret } from "../../text";
import { readWire } from "./secretArguments";
import { refusedIn, secretsIn, valuesToWire, type WireObject } from "../values";

export interface Inputs {
  readonly values: Values;
  /** Problems with their names and kinds. Unknown values are not checked. */
  readonly problems: readonly Problem[];
  /** All strings that are secret by their table or marked by the program. */
  readonly secrets: readonly string[];
}

/**
 * Turns problems with inputs into an error. The protocol has `InvokeResponse.failures` for them, but `pulumi do`
 * ignores it and succeeds (Pulumi 3.259).
 *
 * @param owner - what takes the inputs
 */
export function inputError(problems: readonly Problem[], owner: string): SnapshotError {
  const reasons = problems.map(({ reason }) => reason.replace(/\.$/, ""));
  return new SnapshotError("ARGUMENT_INVALID", reasons.join("; "), `Correct the inputs of ${owner}.`);
}

/** @param owner - the name of the function or resource, for messages about unknown names */
export function readInputs(table: Table, wire: WireObject, owner: string): Inputs {
  // Drop the names that the engine and SDKs add for themselves.
  const written = Object.fromEntries(Object.entries(wire).filter(([name]) => !name.startsWith("__")));
  const refused = refusedIn(written);
  if (refused.length > 0) return { values: {}, problems: refused.map((reason) => ({ reason })), secrets: [] };
  const { values, marks } = readWire(table, written);
  const secrets = secretsIn(valuesToWire(values, marks));
  for (const secret of secrets) registerSecret(secret);
  return { values, problems: checkRows(table, values, { owner }), secrets };
}
