/** ConsulSnapshot's arguments: what may be given, what is wrong with it, and what it means. Does no I/O on networks. */

import { checkConnectionArgs, checkNames, readConnectionArgs } from "../commonArgs";
import type { ConnectionArgs, Sources } from "../consul/connection";
import { parseDuration } from "../duration";
import { SnapshotError } from "../errors";
import { isRecord, type Problem, UNKNOWN, type Values } from "../lifecycle";
import type { Policy } from "../retention/policy";
import { checkTemplate, parseLocation } from "../store/location";
import { checkEncryption, readRecipients } from "../transfer/encryptionArgs";
import { checkRetention, readRetention } from "../transfer/retentionArgs";
import { absentOrUnknown } from "../values";

const CONSISTENCIES = ["consistent", "stale"] as const;
const DELETION_POLICIES = ["retain", "delete"] as const;

export interface SnapshotArgs {
  readonly target: string;
  readonly connection: ConnectionArgs;
  readonly consistency: (typeof CONSISTENCIES)[number];
  readonly maxStalenessMs?: number;
  readonly overwrite: boolean;
  readonly retention: Policy;
  /** Whom to encrypt for; left out when archives are not encrypted. */
  readonly recipients?: readonly string[];
  /** Count keys by this many segments, those that begin with the filter. */
  readonly inspect?: { readonly depth?: number; readonly filter?: string };
}

const KNOWN = [
  "target",
  "triggers",
  "connection",
  "consistency",
  "maxStaleness",
  "overwrite",
  "deletionPolicy",
  "inspect",
  "maxAge",
  "retention",
  "verifyOnRefresh",
  "encryption",
] as const;

/**
 * Everything that is wrong with the arguments. What is not known yet is not judged. No reason holds a secret.
 *
 * @param sources - stack configuration and environment, for what the arguments leave open
 */
export function checkArgs(inputs: Values, sources: Sources): Problem[] {
  return [
    ...checkNames(inputs, KNOWN, "ConsulSnapshot"),
    ...checkTarget(inputs),
    ...checkChoice(inputs, "consistency", CONSISTENCIES),
    ...checkChoice(inputs, "deletionPolicy", DELETION_POLICIES),
    ...checkMaxStaleness(inputs),
    ...checkMaxAge(inputs),
    ...checkFlag(inputs, "overwrite"),
    ...checkFlag(inputs, "verifyOnRefresh"),
    ...checkRetention(inputs.retention),
    ...checkPolicies(inputs),
    ...checkTriggers(inputs),
    ...checkInspect(inputs),
    ...checkEncryption(inputs.encryption, inputs.target),
    ...checkConnectionArgs(inputs, sources),
  ];
}

function checkTarget(inputs: Values): Problem[] {
  const { target, overwrite } = inputs;
  if (target === UNKNOWN) return [];
  if (typeof target !== "string") {
    return [{ path: "target", reason: "target is required: a path such as ./backups/, or a URL" }];
  }
  try {
    // While `overwrite` is unknown, a name that never changes may still turn out to be meant.
    checkTemplate(parseLocation(target), overwrite === true || overwrite === UNKNOWN);
    return [];
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    return [{ path: "target", reason: `${error.message}. ${error.hint}` }];
  }
}

function checkChoice(inputs: Values, path: "consistency" | "deletionPolicy", choices: readonly string[]): Problem[] {
  const value = inputs[path];
  if (absentOrUnknown(value) || (typeof value === "string" && choices.includes(value))) return [];
  return [{ path, reason: `${path} is one of ${choices.map((choice) => `"${choice}"`).join(", ")}` }];
}

function checkMaxStaleness(inputs: Values): Problem[] {
  const path = "maxStaleness";
  const { maxStaleness, consistency } = inputs;
  if (absentOrUnknown(maxStaleness)) return [];
  if (consistency !== "stale" && consistency !== UNKNOWN) {
    return [{ path, reason: 'maxStaleness goes with consistency: "stale": a consistent snapshot is never stale' }];
  }
  return checkDuration(inputs, path);
}

/** Every snapshot is older than nothing by the next update. */
function checkMaxAge(inputs: Values): Problem[] {
  const path = "maxAge";
  const problems = checkDuration(inputs, path);
  if (problems.length > 0 || typeof inputs.maxAge !== "string" || parseDuration(inputs.maxAge) > 0) return problems;
  return [{ path, reason: "maxAge is longer than nothing: leave it out to let a snapshot be of any age" }];
}

function checkDuration(inputs: Values, path: "maxAge" | "maxStaleness"): Problem[] {
  const value = inputs[path];
  if (absentOrUnknown(value)) return [];
  if (typeof value !== "string") return [{ path, reason: `${path} is a duration such as "30s" or "20h"` }];
  try {
    parseDuration(value);
    return [];
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    return [{ path, reason: `${path}: ${error.message}. ${error.hint}` }];
  }
}

function checkFlag(inputs: Values, path: "overwrite" | "verifyOnRefresh"): Problem[] {
  const value = inputs[path];
  if (absentOrUnknown(value) || typeof value === "boolean") return [];
  return [{ path, reason: `${path} is true or false` }];
}

/** Each replacement would delete the archive that retention means to keep. */
function checkPolicies({ retention, deletionPolicy }: Values): Problem[] {
  if (absentOrUnknown(retention) || deletionPolicy !== "delete") return [];
  return [
    {
      path: "deletionPolicy",
      reason: 'deletionPolicy: "delete" cannot go with retention: retention decides what is kept',
    },
  ];
}

function checkTriggers(inputs: Values): Problem[] {
  const { triggers } = inputs;
  if (absentOrUnknown(triggers) || Array.isArray(triggers)) return [];
  return [{ reason: "triggers is a list of values: write triggers: [value]" }];
}

function checkInspect(inputs: Values): Problem[] {
  const { inspect } = inputs;
  const path = "inspect";
  if (absentOrUnknown(inspect)) return [];
  if (!isRecord(inspect)) return [{ path, reason: "inspect is an object, such as { kvDepth: 2 }" }];
  const { kvDepth, kvFilter, ...others } = inspect;
  const [strange] = Object.keys(others);
  if (strange !== undefined) {
    return [{ path, reason: `inspect.${strange} is not known: there are kvDepth and kvFilter` }];
  }
  if (!absentOrUnknown(kvDepth) && !(typeof kvDepth === "number" && Number.isInteger(kvDepth) && kvDepth > 0)) {
    return [{ path, reason: "inspect.kvDepth is a whole number from 1 on" }];
  }
  if (!absentOrUnknown(kvFilter) && typeof kvFilter !== "string") {
    return [{ path, reason: "inspect.kvFilter is the beginning of keys" }];
  }
  return [];
}

/** What of the arguments it takes to save, once `checkArgs` has found nothing and everything is known. */
export function readArgs(inputs: Values): SnapshotArgs {
  const { target, consistency, maxStaleness, overwrite, inspect } = inputs;
  const recipients = readRecipients(inputs.encryption);
  return {
    target: typeof target === "string" ? target : "",
    connection: readConnectionArgs(inputs),
    consistency: consistency === "stale" ? "stale" : "consistent",
    ...(typeof maxStaleness === "string" ? { maxStalenessMs: parseDuration(maxStaleness) } : {}),
    overwrite: overwrite === true,
    retention: readRetention(inputs.retention),
    ...(recipients === undefined ? {} : { recipients }),
    ...(isRecord(inspect) ? { inspect: readInspect(inspect) } : {}),
  };
}

function readInspect({ kvDepth, kvFilter }: Values): NonNullable<SnapshotArgs["inspect"]> {
  return {
    ...(typeof kvDepth === "number" ? { depth: kvDepth } : {}),
    ...(typeof kvFilter === "string" ? { filter: kvFilter } : {}),
  };
}
