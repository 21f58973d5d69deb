/** Runs one command line. */

import { explain, isCode, isInvalidArchive } from "../provider/errors";
import { hintAtOverwriting } from "../provider/store/takenName";
import { COMMANDS } from "./commands";
import type { Command, CommandIo } from "./description/command";
import { commandHelp, programHelp } from "./description/helpText";
import { type Parsed, parseArguments } from "./description/parse";
import { helpHint, unknownCommand, unknownOption, UsageError, usageError } from "./description/usageError";
import { composed, remark } from "../provider/text";
import { OVERWRITE } from "./options/overwrite";

/** The answer to the question is no, such as for an invalid archive. */
const NOT_SO = 1;
/** A usage error, or the command could not find the answer. */
const NOT_DONE = 2;

/**
 * @param args - the arguments after the program's name
 * @returns the exit code
 */
export async function runCommandLine(args: readonly string[], io: CommandIo): Promise<number> {
  const command = COMMANDS.find(({ name }) => name === args[0]);
  let isTyped = false;
  let hasBegun = false;
  try {
    if (command === undefined) return await runWithoutCommand(args, io);
    const parsed =
      command.readsOwnArguments === true ? ownArguments(args.slice(1)) : parseArguments(args.slice(1), command);
    if (parsed === "help") {
      io.output.writeRaw(commandHelp(command));
      return 0;
    }
    isTyped = true;
    const found = await withSources(parsed, command);
    hasBegun = true;
    return await command.run({ ...found, io });
  } catch (failure) {
    const error =
      command !== undefined && Object.hasOwn(command.options, "overwrite")
        ? hintAtOverwriting(failure, OVERWRITE)
        : failure;
    io.errors.write(composed`${explain(error)}\n`);
    if (isTyped && !hasBegun && command?.notBegun !== undefined) io.errors.write(remark`${command.notBegun}\n`);
    if (command !== undefined && wantsJsonErrors(args, command)) {
      const { errorData } = await import("../provider/errorData.js");
      const { jsonText } = await import("./terminal/json.js");
      io.output.write(jsonText({ error: errorData(error) }));
    }
    return isTyped ? failureCode(error, command) : (command?.usageCode ?? NOT_DONE);
  }
}

function ownArguments(args: readonly string[]): ReturnType<typeof parseArguments> {
  return args.some((arg) => /^(-h|--?help)$/.test(arg)) ? "help" : { operands: args, options: {} };
}

function failureCode(error: unknown, command: Command | undefined): number {
  if (error instanceof UsageError || isCode(error, "TARGET_INVALID")) return command?.usageCode ?? NOT_DONE;
  if (typeof command?.failureCode === "function") return command.failureCode(error);
  if (command?.failureCode !== undefined) return command.failureCode;
  return isInvalidArchive(error) ? NOT_SO : NOT_DONE;
}

/** Replaces folders with the archives that `--latest` finds. */
async function withSources(parsed: Parsed, command: Command): Promise<Parsed> {
  if (!command.operands.some(({ source }) => source !== undefined)) return parsed;
  const { resolveSources } = await import("./source/sources.js");
  return resolveSources(parsed, command);
}

/** @throws SnapshotError `ARGUMENT_INVALID` */
async function runWithoutCommand([first, topic, ...more]: readonly string[], io: CommandIo): Promise<number> {
  const names = COMMANDS.map(({ name }) => name);
  if (first === undefined) {
    io.errors.writeRaw(programHelp(COMMANDS));
    return NOT_DONE;
  }
  if (first === "--version") {
    const { writtenBy } = await import("../provider/catalog/packageVersion.js");
    io.output.write(remark`${writtenBy}\n`);
    return 0;
  }
  if (first === "--help" || first === "-h" || (first === "help" && topic === undefined)) {
    io.output.writeRaw(programHelp(COMMANDS));
    return 0;
  }
  if (first === "help" && more.length === 0) {
    const command = COMMANDS.find(({ name }) => name === topic);
    if (command === undefined) throw unknownCommand(topic ?? "", names);
    io.output.writeRaw(commandHelp(command));
    return 0;
  }
  if (first === "help") throw usageError("help takes the name of one command", helpHint({ name: "" }));
  if (first.startsWith("-")) throw unknownOption(first, GLOBAL);
  throw unknownCommand(first, names);
}

/** The options that are valid without a command. */
const GLOBAL = { name: "", options: { version: { doc: "print the version" } } };

/** Looks at the raw arguments, because another argument may be the one that is invalid. */
function wantsJsonErrors(args: readonly string[], { options, jsonErrors, readsOwnArguments }: Command): boolean {
  if (jsonErrors === false || !Object.hasOwn(options, "format")) return false;
  const end = args.indexOf("--");
  const before = end === -1 ? args : args.slice(0, end);
  const flags = readsOwnArguments === true ? ["--format", "-format"] : ["--format"];
  return flags.some((flag) =>
    before.some((arg, i) => arg === `${flag}=json` || (arg === flag && before[i + 1] === "json")),
  );
}
