/** One configuration file: its text, checked against the table of keys. Pure. */

import { isObject } from "../../provider/isObject";
import { shownName, suggestion } from "../../provider/suggestion";
import { DESTINATIONS } from "./destinationKeys";
import { jsonMistake } from "./jsonMistake";
import { type KeyTable, ROOT_KEYS, SECTIONS } from "./keys";
import { type KeyValue, problemWithValue, readValue } from "./values";

/** The values of one object, by key; empty values are left out. */
export type Values = Readonly<Record<string, KeyValue>>;

/** The settings of files and flags. */
export interface Document {
  readonly root: Values;
  readonly sections: Readonly<Record<string, Values>>;
  /** Single objects, the older form; flags also set these. */
  readonly single: Readonly<Record<string, Values>>;
  /** Lists in `backup_destinations`. */
  readonly lists: Readonly<Record<string, readonly Values[]>>;
}

export const EMPTY: Document = { root: {}, sections: {}, single: {}, lists: {} };

export interface ReadDocument {
  /** `undefined` if the file has no `snapshot_agent`: it is meant for others. */
  readonly document?: Document;
  /** One sentence each, free of secrets. */
  readonly problems: readonly string[];
  /** Keys that have no effect, and why. */
  readonly notices: readonly string[];
}

/** @param file - its name in messages */
export function readDocument(text: string, file: string): ReadDocument {
  const parsed = parse(text);
  if (parsed === undefined) {
    const mistake = jsonMistake(withoutMark(text));
    return failed(`${file} is not JSON${mistake === undefined ? "" : `: ${mistake}`}`);
  }
  if (!isObject(parsed)) return failed(`${file} must contain an object with snapshot_agent`);
  if (!Object.hasOwn(parsed, "snapshot_agent")) return { problems: [], notices: [] };
  const { snapshot_agent: agent } = parsed;
  if (!isObject(agent)) return failed(`${file}: snapshot_agent must be an object`);
  return new Reading(file).read(agent);
}

/** Accepts a comma before a closing brace, because an example in HashiCorp's documentation has one. */
function parse(text: string): unknown {
  const body = withoutMark(text);
  for (const candidate of [body, body.replaceAll(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/gs, "$1")]) {
    try {
      return JSON.parse(candidate) as unknown;
    } catch {}
  }
  return undefined;
}

/** Removes the byte order mark. */
function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, "");
}

class Reading {
  readonly #problems: string[] = [];
  readonly #notices: string[] = [];

  constructor(private readonly file: string) {}

  read(agent: Readonly<Record<string, unknown>>): ReadDocument {
    const sections: Record<string, Values> = {};
    const single: Record<string, Values> = {};
    const lists: Record<string, readonly Values[]> = {};
    const add = (kind: string, list: readonly Values[]): void => {
      lists[kind] = [...(lists[kind] ?? []), ...list];
    };
    const known = [
      ...Object.keys(ROOT_KEYS),
      ...Object.keys(SECTIONS),
      ...Object.keys(DESTINATIONS),
      "backup_destinations",
    ];
    for (const [name, value] of Object.entries(agent)) {
      if (Object.hasOwn(SECTIONS, name)) {
        sections[name] = this.#values(name, tableOf(name), value);
      } else if (Object.hasOwn(DESTINATIONS, name)) {
        if (Array.isArray(value)) add(name, this.#list(name, name, value));
        else single[name] = this.#values(name, tableOf(name), value);
      } else if (name === "backup_destinations") {
        for (const [kind, list] of this.#backupDestinations(value)) add(kind, list);
      } else if (!Object.hasOwn(ROOT_KEYS, name)) {
        this.#unknown("", name, known);
      }
    }
    const root = this.#known("", ROOT_KEYS, agent);
    return { document: { root, sections, single, lists }, problems: this.#problems, notices: this.#notices };
  }

  /** @returns the destinations of each kind */
  #backupDestinations(value: unknown): readonly (readonly [string, readonly Values[]])[] {
    if (!isObject(value)) {
      this.#refuse("backup_destinations must be an object");
      return [];
    }
    return Object.entries(value).flatMap(([kind, inner]) => {
      if (Object.hasOwn(DESTINATIONS, kind)) {
        const list: readonly unknown[] = Array.isArray(inner) ? inner : [inner];
        return [[kind, this.#list(`backup_destinations.${kind}`, kind, list)] as const];
      }
      this.#unknown("backup_destinations.", kind, Object.keys(DESTINATIONS));
      return [];
    });
  }

  #list(path: string, kind: string, list: readonly unknown[]): readonly Values[] {
    return list.map((inner, at) => this.#values(`${path}[${at}]`, tableOf(kind), inner));
  }

  #values(path: string, table: KeyTable, value: unknown): Values {
    if (value === null) return {};
    if (!isObject(value)) {
      this.#refuse(`${path} must be an object`);
      return {};
    }
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(table, name)) this.#unknown(`${path}.`, name, Object.keys(table));
    }
    return this.#known(`${path}.`, table, value);
  }

  #known(prefix: string, table: KeyTable, values: Readonly<Record<string, unknown>>): Values {
    const found: Record<string, KeyValue> = {};
    for (const [name, key] of Object.entries(table)) {
      const value = values[name];
      if (value === undefined || value === null || value === "") continue;
      const problem = problemWithValue(`${prefix}${name}`, key, value);
      if (problem !== undefined) this.#refuse(problem);
      else if (key.ignored !== undefined) this.#notices.push(`${prefix}${name} has no effect: ${key.ignored}`);
      else found[name] = readValue(key, value);
    }
    return found;
  }

  #unknown(prefix: string, name: string, known: readonly string[]): void {
    this.#refuse(`${prefix}${shownName(name, known)} is not a key: ${suggestion(name, known)}`);
  }

  #refuse(problem: string): void {
    this.#problems.push(`${this.file}: ${problem}`);
  }
}

function tableOf(name: string): KeyTable {
  return ({ ...SECTIONS, ...DESTINATIONS } as Readonly<Record<string, KeyTable>>)[name] ?? {};
}

/**
 * As `mergeDocuments`, for a later file, or for all flags: a key also overrides the keys of the earlier document that say the
 * same in another way, such as `schedule` an `interval`.
 */
export function overrideDocument(earlier: Document, later: Document): Document {
  const left = {
    ...earlier,
    root: withoutReplaced(ROOT_KEYS, earlier.root, later.root),
    sections: withoutReplacedEach(earlier.sections, later.sections),
    single: withoutReplacedEach(earlier.single, later.single),
  };
  return mergeDocuments(left, later);
}

function withoutReplacedEach(
  earlier: Readonly<Record<string, Values>>,
  later: Readonly<Record<string, Values>>,
): Readonly<Record<string, Values>> {
  const entries = Object.entries(earlier);
  return Object.fromEntries(
    entries.map(([name, values]) => [name, withoutReplaced(tableOf(name), values, later[name] ?? {})]),
  );
}

function withoutReplaced(table: KeyTable, earlier: Values, later: Values): Values {
  const replaced = new Set(Object.keys(later).flatMap((name) => table[name]?.replaces ?? []));
  return Object.fromEntries(Object.entries(earlier).filter(([name]) => !replaced.has(name)));
}

/** The later document overrides the earlier one key by key; a list of destinations counts as one value. */
export function mergeDocuments(earlier: Document, later: Document): Document {
  return {
    root: { ...earlier.root, ...later.root },
    sections: mergeEach(earlier.sections, later.sections),
    single: mergeEach(earlier.single, later.single),
    lists: { ...earlier.lists, ...later.lists },
  };
}

function mergeEach(
  earlier: Readonly<Record<string, Values>>,
  later: Readonly<Record<string, Values>>,
): Readonly<Record<string, Values>> {
  const names = new Set([...Object.keys(earlier), ...Object.keys(later)]);
  return Object.fromEntries([...names].map((name) => [name, { ...earlier[name], ...later[name] }]));
}

function failed(problem: string): ReadDocument {
  return { problems: [problem], notices: [] };
}
