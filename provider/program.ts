/** How the user of this process types the command `consul-snapshot`: all lines that are printed to be typed begin with it. */

import { isSingleExecutable } from "./singleExecutable";
import { type CleanText, sentence } from "./text";

let name = sentence`consul-snapshot`;

/**
 * What a printed command line begins with. Default: the command's name, as on a machine where it is on the `PATH`: that of the
 * agent, of a single executable, and of npm's global installation.
 */
export function programName(): CleanText {
  return name;
}

/** The program with an option, and no command before it: npx takes such an option for its own unless `--` is in front. */
export function programOption(option: "--help" | "--version"): CleanText {
  return sentence`${name.replace(/^npx --no /, "npx --no -- ")} ${option}`;
}

/**
 * To be called by a process whose package npm has installed in a folder: a Pulumi provider, a program, a command of
 * `node_modules`. `--no` prevents npx from installing a foreign package with this name if ours is not installed. A machine with
 * a single executable may not have npx.
 */
export function nameProgramByNpx(): void {
  if (!isSingleExecutable) name = sentence`npx --no consul-snapshot`;
}
