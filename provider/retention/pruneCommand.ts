/** The command line that prunes manually. */

import { optionFlag } from "../optionFlag";
import { PROGRAM } from "../program";
import { shellWord } from "../shellWord";
import { type Policy, spelled } from "./policy";

/** @param target - as in the program: a path or a URL */
export function pruneCommand(target: string, series: string, policy: Policy): string {
  const rules = Object.entries(policy).flatMap(([name, value]: [string, number | undefined]) => {
    if (value === undefined || value === 0) return [];
    const isDuration = name === "keepWithinMs";
    return [`${optionFlag(isDuration ? "keepWithin" : name)} ${isDuration ? spelled(value) : value}`];
  });
  return [PROGRAM, "prune", shellWord(target), "--series", shellWord(series), ...rules].join(" ");
}
