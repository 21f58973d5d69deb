/** Creates the text of --help from descriptions. */

import { type Command, synopsisOf } from "./command";
import { type Option, optionSynopsis } from "./option";

/** The default width of a terminal, in characters. */
const WIDTH = 80;
/** Maximum width of the terms before descriptions; a longer term gets a line of its own. */
const LONGEST_TERM = 26;

export function programHelp(commands: readonly Pick<Command, "name" | "summary">[]): string {
  return [
    "Usage: consul-snapshot COMMAND [options]",
    "",
    "Verifies, inspects and restores snapshots of Consul.",
    "",
    "Commands",
    ...definitions(commands.map(({ name, summary }) => [name, summary])),
    "",
    "consul-snapshot help COMMAND or consul-snapshot COMMAND --help describes one of them.",
    "consul-snapshot --version prints the version.",
    "",
  ].join("\n");
}

export function commandHelp(command: Command): string {
  const { operands, options, examples, exitCodes, summary } = command;
  return [
    `Usage: consul-snapshot ${synopsisOf(command)}`,
    "",
    ...wrap(`${summary}.`, WIDTH),
    "",
    ...definitions(operands.map(({ name, doc }) => [name, doc])),
    "",
    ...section(
      "Options",
      Object.entries(options).map(([name, option]) => [optionSynopsis(name, option), optionText(option)]),
    ),
    "Examples",
    ...examples.flatMap(({ does, line }) => [`  # ${does}`, `  ${line}`]),
    "",
    "Exit codes",
    ...definitions(exitCodes.map(({ code, meaning }) => [String(code), meaning])),
    "",
  ].join("\n");
}

/** The description of an option, with notes on whether it is required or repeatable, its default and its variable. */
export function optionText(option: Option): string {
  const { doc, list, required, environment } = option;
  const notes = [
    ...(required === true ? ["required"] : []),
    ...(list === true ? ["may be repeated"] : []),
    ...(option.default === undefined || option.default === "" ? [] : [`default: ${option.default}`]),
    ...(environment === undefined ? [] : [`environment: ${environment}`]),
  ];
  return notes.length === 0 ? doc : `${doc} (${notes.join("; ")})`;
}

function section(title: string, entries: readonly (readonly [string, string])[]): string[] {
  return entries.length === 0 ? [] : [title, ...definitions(entries), ""];
}

function definitions(entries: readonly (readonly [string, string])[]): string[] {
  const longest = entries.reduce((most, [term]) => Math.max(most, term.length), 0);
  const width = Math.min(longest, LONGEST_TERM);
  const indent = " ".repeat(width + 4);
  return entries.flatMap(([term, text]) => {
    const [first = "", ...others] = wrap(text, WIDTH - indent.length);
    const head = `  ${term}`;
    const lines = others.map((line) => indent + line);
    return term.length > width ? [head, indent + first, ...lines] : [`${head.padEnd(indent.length)}${first}`, ...lines];
  });
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
