/** The command line that prunes manually. */

import { optionFlag } from "../optionFlag";
import { programName } from "../program";
import { shellWord } from "../shellWord";
import { type Policy, writtenRules } from "./policy";

/** @param target - as in the program: a path or a URL */
export function pruneCommand(target: string, series: string, policy: Policy): string {
  const rules = writtenRules(policy).map(([name, value]) => `${optionFlag(name)} ${value}`);
  return [programName(), "prune", shellWord(target), "--series", shellWord(series), ...rules].join(" ");
}
