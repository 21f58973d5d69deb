/** The command that reads the result of a run back, as a person would type it. */

import { optionFlag } from "../../provider/optionFlag";
import { PROGRAM } from "../../provider/program";
import { shellWord } from "../../provider/shellWord";
import type { Option } from "../description/option";
import { type RestoreOptions, restoreOptions } from "./options";

/**
 * @param options - the options of the command that began the run
 * @param runId - the id of the run
 */
export function againCommand(source: string, options: RestoreOptions, runId: string): string {
  const values = new Map<string, string | boolean | readonly string[] | undefined>(
    Object.entries({ ...options, runId, plan: false, diff: false }),
  );
  const flags = Object.entries<Option>(restoreOptions).flatMap(([name, option]) => {
    const value = values.get(name);
    if (value === undefined || value === false || value === option.default) return [];
    if (value === true) return [optionFlag(name)];
    const words = typeof value === "string" ? [value] : value;
    return words.map((text) => `${optionFlag(name)} ${word(text)}`);
  });
  return [PROGRAM, "restore", word(source), ...flags].join(" ");
}

/** Quotes a word only if a shell needs it. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : shellWord(text);
}
