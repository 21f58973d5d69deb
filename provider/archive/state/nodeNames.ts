/**
 * Which nodes have the same name or id. Consul refuses a node with the name or id of another one, or removes the other one,
 * depending on the state of its checks (`ensureNodeTxn`, Consul 1.13.9).
 */

import { hash } from "node:crypto";
import type { NameBudget } from "./nameBudget";

/** Maximum number of NUL characters in a name; no real name has one. */
const MAX_NULS = 10;
/** Maximum number of beginnings of such names to remember. */
const MAX_STEMS = 10_000;

export class NodeNames {
  /** The id by the name, and the name by the id. */
  private readonly nodes = new Map<string, string>();

  /** What comes before the NUL characters in names. */
  private readonly stems = new Set<string>();

  /**
   * @param budget - nodes beyond it are compared only with those before
   * @param known - nodes to compare with, too
   */
  constructor(
    private readonly budget: NameBudget,
    private readonly known?: NodeNames,
  ) {}

  get isEmpty(): boolean {
    return this.nodes.size === 0;
  }

  /**
   * Adds a node.
   *
   * @param place - within which names and ids are unique
   * @returns what is wrong, as the end of a sentence about its record
   */
  add(name: string, place: string, id: string): string | undefined {
    if (this.isAmbiguous(name, place)) return "has the name of another node before a NUL character";
    return this.isSame(name, place, id) ? undefined : "has a name or an id that another node has";
  }

  /** Two spellings of a name that is not ASCII are two nodes here, whatever Consul says, because its functions differ. */
  private isSame(name: string, place: string, id: string): boolean {
    const folded = keyOf(foldCase(name), foldCase(place), "name");
    const exact = keyOf(lowerAscii(name), lowerAscii(place), "node");
    const idKey = id === "" ? exact : keyOf(lowerAscii(id), foldCase(place), "id");
    const knownId = this.get(folded) ?? idKey;
    const knownName = id === "" ? exact : (this.get(idKey) ?? exact);
    const added = [folded, ...(id === "" ? [] : [idKey])].filter((key) => !this.nodes.has(key));
    if (this.budget.take(added.length)) {
      this.nodes.set(folded, knownId);
      if (id !== "") this.nodes.set(idKey, knownName);
    }
    return knownId === idKey && knownName === exact;
  }

  /**
   * Whether the name of one of two nodes begins with the name of the other and a NUL character. Consul ends names with this
   * character in its indexes, so it finds the checks of both nodes for one of them. It survives the restore, but not the restore
   * of the next snapshot: "check node … does not match node …" (tried with 1.12.9, 1.13.9 and 1.14.11).
   */
  private isAmbiguous(name: string, place: string): boolean {
    const keyIn = (part: string): string => keyOf(foldCase(part), foldCase(place), "name");
    const parts = name.split("\0");
    if (parts.length - 1 > MAX_NULS || (parts.length > 1 && this.stems.size >= MAX_STEMS)) return true;
    const stems = parts.slice(1).map((_, last) => keyIn(parts.slice(0, last + 1).join("\0")));
    for (const stem of stems) this.stems.add(stem);
    return stems.some((stem) => this.get(stem) !== undefined) || this.isStem(() => keyIn(name));
  }

  private isStem(key: () => string): boolean {
    return (this.stems.size > 0 && this.stems.has(key())) || this.known?.isStem(key) === true;
  }

  private get(key: string): string | undefined {
    return this.nodes.get(key) ?? this.known?.nodes.get(key);
  }
}

export function keyOf(...names: readonly string[]): string {
  // A hash limits the memory: there may be many names, and they may be long.
  return hash("sha256", JSON.stringify(names), "binary");
}

export const IS_ASCII = /^[\0-\x7f]*$/;

/** Names are case-insensitive. A name that is not ASCII stays as it is: two spellings of it may be two names for Consul. */
export function lowerAscii(bytes: string): string {
  return IS_ASCII.test(bytes) ? bytes.toLowerCase() : bytes;
}

/**
 * Equal for all names that Consul takes for one. It compares names with strings.ToLower of Go in its indexes, and with
 * strings.EqualFold elsewhere. Both read any invalid byte as U+FFFD.
 */
export function foldCase(bytes: string): string {
  if (IS_ASCII.test(bytes)) return bytes.toUpperCase();
  const text = Buffer.from(bytes, "latin1").toString("utf8");
  // Node.js may read several invalid bytes as one character.
  return Array.from(text.replace(/\ufffd+/g, "\ufffd"), foldLetter).join("");
}

/** Go maps each letter to one letter: it lowers U+0130 to "i" alone, and has no upper case for "ß". */
function foldLetter(letter: string): string {
  if (letter === "\u0130") return "I";
  const lower = letter.toLowerCase();
  const upper = lower.toUpperCase();
  return upper.length > lower.length ? lower : upper;
}
