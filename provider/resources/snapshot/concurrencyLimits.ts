/** The limits of concurrent saves, from stack configuration. */

import { fromText } from "../../args/kinds";
import { CONFIGURATION, CONFIGURATION_NAMESPACE } from "../../args/tables/configuration";
import { SnapshotError } from "../../errors";
import type { Problem } from "../../lifecycle";
import type { Limits } from "../../save/concurrency";

type Config = (key: string) => string | undefined;
type Name = "maxConcurrent" | "maxConcurrentPerAddress";

const NAMES: readonly Name[] = ["maxConcurrent", "maxConcurrentPerAddress"];

/** Problems with the limits in stack configuration. */
export function checkLimits(config: Config): Problem[] {
  return NAMES.flatMap((name) => {
    if (limit(config, name) !== undefined) return [];
    const { default: instead } = CONFIGURATION[name];
    return [{ reason: `${keyOf(name)} must be a positive integer: set it, or remove it for ${instead}` }];
  });
}

/** @throws SnapshotError `ARGUMENT_INVALID` if `checkLimits` finds a problem */
export function readLimits(config: Config): Limits {
  const [problem] = checkLimits(config);
  if (problem !== undefined) {
    throw new SnapshotError("ARGUMENT_INVALID", problem.reason, "Correct the stack's configuration.");
  }
  return { atOnce: limit(config, "maxConcurrent") ?? 1, perAddress: limit(config, "maxConcurrentPerAddress") ?? 1 };
}

function limit(config: Config, name: Name): number | undefined {
  const row = CONFIGURATION[name];
  const text = config(keyOf(name));
  if (text === undefined || text === "") return row.default;
  const value = fromText(row.kind, text);
  return Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : undefined;
}

function keyOf(name: Name): string {
  return `${CONFIGURATION_NAMESPACE}:${name}`;
}
