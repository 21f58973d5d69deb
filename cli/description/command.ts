/** A command, as data and the function that runs it. A new command is one file in `commands/`, one line in `commands.ts`, and a folder for its work. */

import type { Output } from "../terminal/output";
import type { OptionTable, OptionValues } from "./option";

export interface Operand {
  /** Such as `SOURCE`. */
  readonly name: string;
  /** What it is, as a phrase without a full stop. */
  readonly doc: string;
  /** Whether there may be several; only for the last one. */
  readonly many?: true;
  /**
   * Whether it is an archive that is read: with `sourceOptions`, `--latest` then lets it be a folder or a prefix, and `run`
   * receives the archive that was found. `"folders"`: `run` takes folders itself. Default: it is something else.
   */
  readonly source?: true | "folders";
  /** What can be typed in place of a source, such as `live`. */
  readonly word?: string;
  /** The only values, such as the shells that completion knows. Default: any. */
  readonly choices?: readonly string[];
}

export interface Example {
  /** What it does, in one sentence without its full stop. */
  readonly does: string;
  /** The line as it is typed. */
  readonly line: string;
}

/**
 * 0: done. 1: what was asked about is not so, such as an archive that is invalid. 2: the command was typed wrongly, or could
 * not look. A command may document another meaning.
 */
export interface ExitCode {
  readonly code: number;
  readonly meaning: string;
}

/** Where a command reads and writes. */
export interface CommandIo {
  /** Results and nothing else. */
  readonly output: Output;
  /** Progress, questions, warnings and failures. */
  readonly errors: Output;
}

export interface Invocation<T extends OptionTable> {
  /** As many as the command describes. */
  readonly operands: readonly string[];
  readonly options: OptionValues<T>;
  readonly io: CommandIo;
}

export interface Command<T extends OptionTable = OptionTable> {
  readonly name: string;
  /** What it does, as one sentence that begins with a verb. */
  readonly summary: string;
  readonly operands: readonly Operand[];
  readonly options: T;
  /** At least two, of which each works. */
  readonly examples: readonly [Example, Example, ...Example[]];
  readonly exitCodes: readonly ExitCode[];
  /** Whether it reads its arguments itself: they are its operands, and its options describe them. Default: false. */
  readonly readsOwnArguments?: true;
  /**
   * The exit code of a failure that `run` throws, except that the command was typed wrongly. Default: 1 where an archive is
   * invalid, 2 for all others.
   */
  readonly failureCode?: 1 | 2 | ((error: unknown) => 1 | 2);
  /** The exit code where the command was typed wrongly, for one in which 2 means something else. Default: 2. */
  readonly usageCode?: 1;
  /** Printed below a failure to find the source, in one sentence: that nothing was done. Default: nothing. */
  readonly notBegun?: string;
  /** Whether `--format json` also prints failures as JSON. Default: true, where there is such an option. */
  readonly jsonErrors?: false;
  /**
   * Loads what it needs when it is called: `--help` needs none of it.
   *
   * @returns the exit code
   * @throws SnapshotError for a failure that the caller shows, and for which it chooses the exit code
   */
  run(invocation: Invocation<T>): Promise<number>;
}

/** Infers the types of the options. */
export function describeCommand<const T extends OptionTable>(command: Command<T>): Command {
  return command;
}

/** How it is typed: `verify SOURCE... [options]`. */
export function synopsisOf({ name, operands }: Pick<Command, "name" | "operands">): string {
  const words = operands.map((operand) => (operand.many === true ? `${operand.name}...` : operand.name));
  return [name, ...words, "[options]"].join(" ");
}
