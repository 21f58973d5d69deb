/** Errors in a command line, with a spelling that works. No sentence repeats a value, because it may be a token. */

import { SnapshotError } from "../../provider/errors";
import { optionFlag } from "../../provider/optionFlag";
import { programName, programOption } from "../../provider/program";
import { nearest } from "../../provider/suggestion";
import { cleanText } from "../../provider/text";
import type { Command } from "./command";
import { optionSynopsis } from "./option";

/** Names that other tools use for an option of ours. */
const SYNONYMS: Readonly<Record<string, string>> = { "dry-run": "plan", plan: "dry-run", retain: "keep-last" };

/** Those of `cli/options/connection.ts`. */
const CONNECTION_FLAGS = [
  "http-addr",
  "datacenter",
  "token-file",
  "ca-file",
  "ca-path",
  "client-cert",
  "client-key",
  "tls-server-name",
];
const WHOLE_CLUSTER = "A snapshot is always of the whole cluster: omit it.";
/** Options of Consul's own commands, in a command of ours that does not have them. `PROGRAM` stands for the program's name. */
const CONSUL_FLAGS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(CONNECTION_FLAGS.map((name) => [name, "This command does not connect to Consul: omit it."])),
  kvdetails: "Did you mean PROGRAM inspect --kvdetails?",
  kvdepth: "Did you mean PROGRAM inspect --kvdepth N?",
  kvfilter: "Did you mean PROGRAM inspect --kvfilter PREFIX?",
  stale: "Did you mean PROGRAM save --stale?",
  namespace: WHOLE_CLUSTER,
  partition: WHOLE_CLUSTER,
  "append-filename":
    "Did you mean placeholders in the TARGET of PROGRAM save, such as {datacenter} and {consulVersion}?",
  interval: "Did you mean PROGRAM agent -interval VALUE?",
};

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
  return `Run ${name === "" ? programOption("--help") : `${programName()} ${name} --help`}.`;
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
  const consuls = Object.hasOwn(CONSUL_FLAGS, name) ? CONSUL_FLAGS[name] : undefined;
  if (consuls !== undefined && !known.has(name)) {
    return usageError(
      `${command.name === "" ? "consul-snapshot" : command.name} has no option ${shown}`,
      consuls.replace("PROGRAM", programName()),
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
  if (typed === "version") return usageError("unknown command version", `Did you mean ${programOption("--version")}?`);
  const near = nearest(typed, names);
  return usageError(
    `unknown command ${cleanText(typed, 40)}`,
    near === undefined ? helpHint({ name: "" }) : `Did you mean ${programName()} ${near}?`,
  );
}
