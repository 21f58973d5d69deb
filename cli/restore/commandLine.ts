/** Commands that `restore` prints, as a person would type them. */

import { optionFlag } from "../../provider/optionFlag";
import { programName } from "../../provider/program";
import type { Preparation } from "../../provider/restore/prepare";
import { isServerId } from "../../provider/serverId";
import { shellWord } from "../../provider/shellWord";
import type { Option } from "../description/option";
import { type RestoreOptions, restoreOptions } from "./options";

/**
 * The command that reads the result of a run back.
 *
 * @param options - the options of the command that began the run
 * @param runId - the id of the run
 */
export function readBackCommand(source: string, options: RestoreOptions, runId: string): string {
  return commandLine(source, { ...options, runId, plan: false, diff: false });
}

/**
 * The command that restores as planned, and only the cluster of the plan.
 *
 * @param options - the options of the plan
 * @returns nothing if no server's id is known
 */
export function plannedCommand(
  source: string,
  options: RestoreOptions,
  { identity }: Pick<Preparation["cluster"], "identity">,
): string | undefined {
  const cluster = options.cluster ?? identity.serverIds.find(isServerId);
  if (cluster === undefined) return undefined;
  const safetySnapshot = options.safetySnapshot ?? restoreOptions.safetySnapshot.value;
  return commandLine(source, { ...options, plan: false, diff: false, safetySnapshot, cluster });
}

function commandLine(source: string, options: RestoreOptions): string {
  const values = new Map<string, string | boolean | readonly string[] | undefined>(Object.entries(options));
  const flags = Object.entries<Option>(restoreOptions).flatMap(([name, option]) => {
    const value = values.get(name);
    if (value === undefined || value === false || value === option.default) return [];
    if (value === true) return [optionFlag(name)];
    const words = typeof value === "string" ? [value] : value;
    return words.map((text) => `${optionFlag(name)} ${word(text)}`);
  });
  return [programName(), "restore", word(source), ...flags].join(" ");
}

/** Quotes a word only if a shell needs it. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : shellWord(text);
}
