/** Errors in a command line, with a spelling that works. No sentence repeats a value, because it may be a token. */

import { SnapshotError } from "../../provider/errors";
import { optionFlag } from "../../provider/optionFlag";
import { nearest } from "../../provider/suggestion";
import { cleanText } from "../../provider/text";
import type { Command } from "./command";
import { optionSynopsis } from "./option";

/** Names that other tools use for an option of ours. */
const SYNONYMS: Readonly<Record<string, string>> = { "dry-run": "plan", plan: "dry-run" };

/** A usage error, including one that is found only when the command runs. */
export class UsageError extends SnapshotError {}

export function usageError(message: string, hint: string): UsageError {
  return new UsageError("ARGUMENT_INVALID", message, hint);
}

/** Runs a check of a value from the command line; its failure is a usage error. */
export function checkTyped<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof SnapshotError ? new UsageError(error.code, error.message, error.hint, error) : error;
  }
}

export function helpHint({ name }: Pick<Command, "name">): string {
  return name === "" ? "Run consul-snapshot --help." : `Run consul-snapshot ${name} --help.`;
}

/** @param typed - the argument, such as `--fromat=json` or Consul's `-kvdetails` */
export function unknownOption(typed: string, command: Pick<Command, "name" | "options">): SnapshotError {
  const [, dashes = "", name = ""] = /^(-{1,2})([^=]*)/s.exec(typed) ?? [];
  const shown = cleanText(`${dashes}${name}`, 40);
  if (name.toLowerCase() === "token") {
    return usageError(
      `option ${shown} is not accepted: other users of this machine can read a command line`,
      Object.hasOwn(command.options, "tokenFile")
        ? "Use --token-file, or set CONSUL_HTTP_TOKEN."
        : "This command needs no token.",
    );
  }
  const known = new Map([
    ...Object.entries(command.options).map(
      ([key, option]) => [optionFlag(key).slice(2), optionSynopsis(key, option)] as const,
    ),
    ["help", "--help"] as const,
  ]);
  if (dashes === "-" && known.has(name)) {
    return usageError(
      `option ${shown} has one dash, as in Consul's own command`,
      `Did you mean ${known.get(name) ?? ""}?`,
    );
  }
  const synonym = SYNONYMS[name] ?? "";
  const near = known.has(synonym) ? synonym : nearest(name, [...known.keys()]);
  return usageError(
    `unknown option ${shown}`,
    near === undefined ? helpHint(command) : `Did you mean ${known.get(near) ?? ""}?`,
  );
}

/** @param names - of all commands */
export function unknownCommand(typed: string, names: readonly string[]): SnapshotError {
  if (typed === "version") return usageError("unknown command version", "Did you mean consul-snapshot --version?");
  const near = nearest(typed, names);
  return usageError(
    `unknown command ${cleanText(typed, 40)}`,
    near === undefined ? "Run consul-snapshot --help." : `Did you mean consul-snapshot ${near}?`,
  );
}
