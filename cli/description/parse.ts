/** Parses the arguments of a command by its description. */

import { parseArgs, type ParseArgsConfig } from "node:util";
import type { SnapshotError } from "../../provider/errors";
import { programName } from "../../provider/program";
import { optionFlag } from "../../provider/optionFlag";
import { type Command, synopsisOf } from "./command";
import type { Option, OptionTable, OptionValues } from "./option";
import { helpHint, unknownOption, usageError } from "./usageError";

type Described = Pick<Command, "name" | "operands" | "options">;
type Value = string | boolean | readonly string[];

export interface Parsed {
  readonly operands: readonly string[];
  readonly options: OptionValues<OptionTable>;
}

/**
 * @param args - the arguments after the command's name
 * @returns `"help"` if --help is among them
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function parseArguments(args: readonly string[], command: Described): Parsed | "help" {
  const entries = Object.entries(command.options);
  const byFlag = new Map(entries.map(([name, option]) => [optionFlag(name), { name, option }]));
  const known: NonNullable<ParseArgsConfig["options"]> = { help: { type: "boolean", short: "h" } };
  for (const [flag, { option }] of byFlag)
    known[flag.slice(2)] = { type: option.value === undefined ? "boolean" : "string" };
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: known,
  });
  const operands: string[] = [];
  const values = new Map<string, Value>(
    entries.flatMap(([name, option]) => (option.default === undefined ? [] : [[name, option.default]])),
  );
  let problem: SnapshotError | undefined;
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const typed = args[token.index] ?? "";
    if (typed === "--help" || typed === "-h") return "help";
    const described = typed.startsWith("--") ? byFlag.get(token.rawName) : undefined;
    if (described === undefined) {
      problem ??= unknownOption(typed, command);
      continue;
    }
    const { name, option } = described;
    const value = valueOf(token, option, byFlag);
    if (value === undefined) problem ??= withoutValue(token.rawName, option, command);
    else if (option.choices?.includes(String(value)) === false) problem ??= notAChoice(token.rawName, option.choices);
    else values.set(name, option.list === true ? [...listOf(values.get(name)), String(value)] : value);
  }
  problem ??= missing(operands, values, command);
  if (problem !== undefined) throw problem;
  return { operands, options: Object.fromEntries(values) as OptionValues<OptionTable> };
}

interface Token {
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** `undefined` if a value is missing, is not wanted, or is the next option. */
function valueOf(
  { value, inlineValue }: Token,
  option: Option,
  flags: ReadonlyMap<string, unknown>,
): Value | undefined {
  if (option.value === undefined) return value === undefined ? true : undefined;
  const isNextOption = inlineValue !== true && flags.has(value?.replace(/=.*$/s, "") ?? "");
  return isNextOption ? undefined : value;
}

function withoutValue(flag: string, { value }: Option, command: Described): SnapshotError {
  return value === undefined
    ? usageError(`${flag} takes no value`, `Use ${flag} alone, or omit it.`)
    : usageError(`${flag} needs a value`, `It is used as ${flag} ${value}. ${helpHint(command)}`);
}

function notAChoice(flag: string, choices: readonly string[]): SnapshotError {
  return usageError(`${flag} must be one of ${choices.join(", ")}`, `Use ${flag} ${choices[0] ?? ""}.`);
}

function listOf(value: Value | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

function missing(
  operands: readonly string[],
  values: ReadonlyMap<string, Value>,
  command: Described,
): SnapshotError | undefined {
  const usage = `It is used as ${programName()} ${synopsisOf(command)}. ${helpHint(command)}`;
  const lacking = command.operands[operands.length];
  if (lacking !== undefined) return usageError(`${command.name} needs ${lacking.name}: ${lacking.doc}`, usage);
  if (operands.length > command.operands.length && command.operands.at(-1)?.many !== true) {
    const count = command.operands.length;
    return usageError(
      `${command.name} takes ${count} ${count === 1 ? "operand" : "operands"}, not ${operands.length}`,
      usage,
    );
  }
  const wrong = command.operands.find(({ choices }, at) => choices?.includes(operands[at] ?? "") === false);
  if (wrong !== undefined) return usageError(`${wrong.name} must be one of ${(wrong.choices ?? []).join(", ")}`, usage);
  const required = Object.entries(command.options).find(([name, option]) => option.required && !values.has(name));
  if (required === undefined) return undefined;
  const [name, { value = "", doc }] = required;
  return usageError(`required option ${optionFlag(name)} ${value} is missing: ${doc}`, helpHint(command));
}
