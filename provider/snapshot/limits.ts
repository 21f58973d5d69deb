/** How many saves run at once, as stack configuration says. */

import { SnapshotError } from "../errors";
import type { Problem } from "../lifecycle";
import type { Limits } from "../transfer/turns";

type Config = (key: string) => string | undefined;

const AT_ONCE = "consul-snapshot:maxConcurrent";
const PER_ADDRESS = "consul-snapshot:maxConcurrentPerAddress";

const DEFAULTS: Readonly<Record<string, number>> = { [AT_ONCE]: 4, [PER_ADDRESS]: 1 };

/** What is wrong with the limits that stack configuration gives. */
export function checkLimits(config: Config): Problem[] {
  return [AT_ONCE, PER_ADDRESS].flatMap((key) => {
    if (limit(config, key) !== undefined) return [];
    return [{ reason: `${key} is a whole number from 1: set it, or remove it for ${DEFAULTS[key] ?? 1}` }];
  });
}

/** @throws SnapshotError `ARGUMENT_INVALID`, where `checkLimits` finds something */
export function readLimits(config: Config): Limits {
  const [problem] = checkLimits(config);
  if (problem !== undefined) {
    throw new SnapshotError("ARGUMENT_INVALID", problem.reason, "Correct the stack's configuration.");
  }
  return { atOnce: limit(config, AT_ONCE) ?? 1, perAddress: limit(config, PER_ADDRESS) ?? 1 };
}

function limit(config: Config, key: string): number | undefined {
  const text = config(key);
  if (text === undefined || text === "") return DEFAULTS[key];
  const value = /^\d+$/.test(text.trim()) ? Number(text) : 0;
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
