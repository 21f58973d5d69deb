/** Checks ConsulSnapshot's arguments beyond their kinds, and reads them. Does no network I/O. */

import { checkEncryptedName, readRecipients } from "../../args/encryption";
import { absentOrUnknown, readRows } from "../../args/kinds";
import { readRetention } from "../../args/retention";
import { seriesProblem } from "../../args/series";
import { INSPECT, SNAPSHOT } from "../../args/tables/snapshot";
import { compact } from "../../compact";
import type { ConnectionArgs, Sources } from "../../consul/connection";
import { isList, isRecord, type Problem, UNKNOWN, type Value, type Values } from "../../lifecycle";
import type { Policy } from "../../retention/policy";
import { parseLocation } from "../../store/location";
import { checkTemplate } from "../../store/nameTemplate";
import { checkConnectionArgs, checkTable, locationProblems, readConnectionArgs } from "../commonArgs";

export interface SnapshotArgs {
  readonly target: string;
  readonly connection: ConnectionArgs;
  readonly consistency: "consistent" | "stale";
  readonly maxStalenessMs?: number;
  readonly overwrite: boolean;
  readonly retention: Policy;
  /** Absent if archives are not encrypted. */
  readonly recipients?: readonly string[];
  /** Count keys by this many segments; with `filter`, only keys that begin with it. */
  readonly inspect?: { readonly depth: number; readonly filter?: string };
}

/**
 * All problems with the arguments. Unknown values are not judged. No reason contains a secret.
 *
 * @param sources - stack configuration and environment, for what the arguments do not set
 */
export function checkArgs(inputs: Values, sources: Sources): Problem[] {
  return [
    ...checkTable("snapshot", inputs, "ConsulSnapshot"),
    ...checkTarget(inputs),
    ...checkMaxStaleness(inputs),
    ...checkPolicies(inputs),
    ...checkTriggers(inputs),
    ...checkSeries(inputs),
    ...checkEncryptedName(inputs.encryption, inputs.target),
    ...checkConnectionArgs(inputs, sources),
  ];
}

/** How a program allows overwriting an archive, for hints. */
export const OVERWRITE = "set overwrite: true";

function checkTarget({ target, overwrite }: Values): Problem[] {
  if (typeof target !== "string") return [];
  // While `overwrite` is unknown, a fixed name may turn out to be intended.
  const mayOverwrite = overwrite === true || overwrite === UNKNOWN;
  return locationProblems("target", () => checkTemplate(parseLocation(target), mayOverwrite, OVERWRITE));
}

function checkMaxStaleness({ maxStaleness, consistency }: Values): Problem[] {
  if (absentOrUnknown(maxStaleness) || consistency === "stale" || consistency === UNKNOWN) return [];
  const reason = 'maxStaleness requires consistency: "stale": a consistent snapshot is never stale';
  return [{ path: "maxStaleness", reason }];
}

/** With `deletionPolicy: "delete"`, each replacement would delete an archive that retention should keep. */
function checkPolicies({ retention, deletionPolicy }: Values): Problem[] {
  if (absentOrUnknown(retention) || deletionPolicy !== "delete") return [];
  const reason = 'deletionPolicy: "delete" cannot go with retention: retention decides what is kept';
  return [{ path: "deletionPolicy", reason }];
}

function checkTriggers({ triggers }: Values): Problem[] {
  if (!isList(triggers)) return [];
  return triggers.flatMap((trigger, at): Problem[] => {
    if (!isEmptyThroughout(trigger)) return [];
    const reason = `triggers[${at}] contains only an empty object, as Pulumi makes of a Date, a Map or a Set, and never changes: use a string, such as date.toISOString()`;
    return [{ reason }];
  });
}

/** Whether a value is `{}`, or contains nothing else. An empty object beside other values may be intended. */
function isEmptyThroughout(value: Value): boolean {
  if (isList(value)) return value.length > 0 && value.every(isEmptyThroughout);
  return isRecord(value) && Object.values(value).every(isEmptyThroughout);
}

function checkSeries({ series }: Values): Problem[] {
  if (typeof series !== "string") return [];
  const problem = seriesProblem(series);
  return problem === undefined ? [] : [{ path: "series", reason: `series ${problem}` }];
}

/** The arguments that a save needs, once `checkArgs` has found no problem and all values are known. */
export function readArgs(inputs: Values): SnapshotArgs {
  const { target, consistency, maxStaleness, overwrite } = readRows(SNAPSHOT, inputs);
  return compact({
    target: target ?? "",
    connection: readConnectionArgs(inputs),
    consistency,
    maxStalenessMs: maxStaleness,
    overwrite,
    retention: readRetention(inputs.retention),
    recipients: readRecipients(inputs.encryption),
    inspect: isRecord(inputs.inspect) ? readInspect(inputs.inspect) : undefined,
  });
}

/** Reads the argument `inspect`, and applies its defaults. */
export function readInspect(inspect: Values): NonNullable<SnapshotArgs["inspect"]> {
  const { kvDepth, kvFilter } = readRows(INSPECT, inspect);
  return compact({ depth: kvDepth, filter: kvFilter });
}
