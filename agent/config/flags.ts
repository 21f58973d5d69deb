/** The flags of the command, as Go's `flag` package reads them: one dash or two, `-name value` or `-name=value`. Pure. */

import { SnapshotError } from "../../provider/errors";
import { programName } from "../../provider/program";
import { shownName, suggestion } from "../../provider/suggestion";
import { cleanText } from "../../provider/text";
import { type Document, EMPTY, mergeDocuments, type Values } from "./document";
import { DESTINATIONS } from "./destinationKeys";
import { FLAGS, type FlagTarget, SECTIONS } from "./keys";
import { parseSecretReference } from "./secretReference";
import { problemWithValue, readValue } from "./values";

export interface ReadFlags {
  readonly configFiles: readonly string[];
  readonly configFolders: readonly string[];
  /** Only check the configuration. */
  readonly checkConfig: boolean;
  /** How to print what was checked. */
  readonly format: (typeof FORMATS)[number];
  readonly document: Document;
  readonly notices: readonly string[];
}

/** Flags that set no key. */
const OWN = ["config-file", "config-dir", "check-config", "format"] as const;
const FORMATS = ["pretty", "json"] as const;
/** A switch needs no value, and accepts one only after an equals sign. */
const isSwitch = (name: string): boolean => name === "check-config" || FLAGS.get(name)?.key.kind === "boolean";

/**
 * @param args - the arguments after the command's name
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function readFlags(args: readonly string[]): ReadFlags {
  const configFiles: string[] = [];
  const configFolders: string[] = [];
  const notices: string[] = [];
  let checkConfig = false;
  let typedFormat: string | undefined;
  let document = EMPTY;
  for (const { name, value } of split(args)) {
    if (name === "config-file") configFiles.push(value);
    else if (name === "config-dir") configFolders.push(value);
    else if (name === "check-config") checkConfig = value === "true";
    else if (name === "format") typedFormat = value;
    else {
      const target = FLAGS.get(name);
      if (target === undefined) throw new Error(`no flag ${name}`);
      if (target.key.secret === true && parseSecretReference(value) === undefined) notices.push(visibleSecret(name));
      if (target.key.ignored !== undefined) notices.push(`-${name} has no effect: ${target.key.ignored}`);
      else document = mergeDocuments(document, setKey(target, name, value, document));
    }
  }
  return { configFiles, configFolders, checkConfig, format: formatOf(typedFormat, checkConfig), document, notices };
}

function formatOf(typed: string | undefined, checkConfig: boolean): ReadFlags["format"] {
  const format = FORMATS.find((each) => each === (typed ?? "pretty"));
  if (format === undefined) throw invalid(`-format must be one of ${FORMATS.join(", ")}`, "Use -format json.");
  if (typed !== undefined && !checkConfig) {
    throw invalid("-format is only used with -check-config", "Omit it. For log lines as JSON use -log-format json.");
  }
  return format;
}

function visibleSecret(name: string): string {
  const instead = FLAGS.has(`${name}-file`) ? `use -${name}-file` : "write it as env://NAME or file://PATH";
  return `-${name} is visible to other users of this machine: ${instead}`;
}

function* split(args: readonly string[]): Generator<{ name: string; value: string }> {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    const match = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(arg);
    if (match === null) throw invalid(`agent takes no operand: ${cleanText(arg, 40)}`, helpHint());
    const [, name = "", inline] = match;
    if (!FLAGS.has(name) && !OWN.some((own) => own === name)) {
      const known = [...OWN, ...FLAGS.keys()].map((flag) => `-${flag}`);
      throw invalid(`unknown flag ${shownName(`-${name}`, known)}`, capitalized(suggestion(`-${name}`, known)));
    }
    if (inline !== undefined) yield { name, value: inline };
    else if (isSwitch(name)) yield { name, value: "true" };
    else {
      const next = args[++at];
      if (next === undefined) throw invalid(`flag -${name} needs a value`, helpHint());
      yield { name, value: next };
    }
  }
}

function setKey({ section, name, key }: FlagTarget, flag: string, text: string, before: Document): Document {
  if (key.kind === "map") return setEntry(section, name, flag, text, before);
  const problem = problemWithValue(`-${flag}`, key, text);
  if (problem !== undefined) throw invalid(problem, helpHint());
  return place(section, { [name]: readValue(key, text) });
}

/** Adds a flag such as `-login-meta key=value`, which can be repeated. */
function setEntry(section: string, name: string, flag: string, text: string, before: Document): Document {
  const [, entry, value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (entry === undefined) throw invalid(`-${flag} must be key=value`, helpHint());
  const present = before.sections[section]?.[name];
  const map = typeof present === "object" ? Object.entries(present) : [];
  return place(section, { [name]: Object.fromEntries([...map, [entry, value]]) });
}

function place(section: string, values: Values): Document {
  if (section === "") return { ...EMPTY, root: values };
  if (Object.hasOwn(SECTIONS, section)) return { ...EMPTY, sections: { [section]: values } };
  if (Object.hasOwn(DESTINATIONS, section)) return { ...EMPTY, single: { [section]: values } };
  throw new Error(`no section ${section}`);
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function helpHint(): string {
  return `Run ${programName()} agent --help.`;
}

function invalid(message: string, hint: string): SnapshotError {
  return new SnapshotError("ARGUMENT_INVALID", message, hint);
}
