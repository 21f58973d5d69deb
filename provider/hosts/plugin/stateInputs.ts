/**
 * The inputs that a program sends with the id of a resource that it looks up: Pulumi's protocol sends them in the place
 * of state.
 */

import { RESTORE } from "../../args/tables/restore";
import type { Table } from "../../args/tables/row";
import { SnapshotError } from "../../errors";
import { isRecord, type Value } from "../../lifecycle";
import { registerSecret } from "../../text";
import { secretArguments } from "./secretArguments";
import { type Marks, secretsIn, toWire, valuesFromWire, valuesToWire, type WireObject } from "../values";

export const STATE_INPUTS: Table = { decryption: RESTORE.decryption };

/**
 * Registers secrets, and refuses one that is not marked: the engine stores these inputs as the program sent them
 * (ReadStep, Pulumi 3.259), regardless of the provider's response. State written by a provider contains no unmarked
 * secret, so this does not affect a refresh.
 *
 * @param table - the table of the resource, whose names the program may also send
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function checkStateInputs(table: Table, state: WireObject): void {
  const values = valuesFromWire(state);
  const secret = secretArguments({ ...table, ...STATE_INPUTS }, values);
  for (const each of secretsIn(valuesToWire(values, secret))) registerSecret(each);
  const [path] = plainSecrets(secret, values, new Set(secretsIn(state)));
  if (path === undefined) return;
  throw new SnapshotError(
    "ARGUMENT_INVALID",
    `${path} would be stored in state in plain text`,
    path === "decryption.identities"
      ? "Mark the identities as secrets, or use decryption.identityFiles."
      : "Mark it as a secret (fn::secret in YAML), or leave it out.",
  );
}

/** The paths of the secrets that the program has not marked. */
function plainSecrets(secret: Marks | undefined, value: Value | undefined, marked: Set<string>, path = ""): string[] {
  if (secret === undefined || value === undefined) return [];
  if (secret === true) return secretsIn(toWire(value, true)).every((each) => marked.has(each)) ? [] : [path];
  return [...secret].flatMap(([key, inner]) =>
    plainSecrets(inner, isRecord(value) ? value[key] : undefined, marked, path === "" ? key : `${path}.${key}`),
  );
}
