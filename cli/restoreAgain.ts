/** The command that reads back what became of a run, as a person would type it. */

import { quoted } from "../provider/transfer/load/rescue";
import type { RestoreOptions } from "./restoreRequest";

/** Each option's name, in the order in which it is written. */
const NAMES: readonly (readonly [keyof RestoreOptions, string])[] = [
  ["safetySnapshot", "--safety-snapshot"],
  ["recipient", "--recipient"],
  ["yes", "--yes"],
  ["allow", "--allow"],
  ["identity", "--identity"],
  ["runId", "--run-id"],
  ["validUntil", "--valid-until"],
  ["tokenAfterRestoreFile", "--token-after-restore-file"],
  ["httpAddr", "--http-addr"],
  ["datacenter", "--datacenter"],
  ["tokenFile", "--token-file"],
  ["caFile", "--ca-file"],
];

/**
 * @param options - as they were given
 * @param runId - of the run that has begun
 */
export function againCommand(source: string, options: RestoreOptions, runId: string): string {
  const given: RestoreOptions = { ...options, runId };
  const flags = NAMES.flatMap(([key, name]) => {
    const value = given[key];
    if (value === undefined || value === false) return [];
    if (value === true) return [name];
    return [value].flat().map((text) => `${name} ${word(text)}`);
  });
  return ["npx consul-snapshot restore", word(source), ...flags].join(" ");
}

/** Quoted only where a shell wants it. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text);
}
