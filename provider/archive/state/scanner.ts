/**
 * Finds the ends of msgpack values. Most records need no more than that, so values are skipped without building them.
 */

import { compareBytes } from "./compareBytes";
import { Head, Undecodable } from "./head";
import type { Work } from "./work";

/** Maximum depth of nesting; no record of Consul is as deep. Consul itself has no limit but its stack. */
export const MAX_DEPTH = 1000;

/** A scanner can be reused for many values; its fields describe the last one. */
export class Scanner {
  /** Whether every map of the last value had its keys in ascending order, none of them twice. */
  inOrder = true;
  /** Whether a map had a key that is a number. */
  hasNumberKey = false;
  /** The descriptor of the value of the key that was looked for, at the outermost level; -1 if the key is missing. */
  found = -1;
  /** Where that value begins, and, if it is neither a list nor a map, the range of its content. */
  foundAt = 0;
  foundFrom = 0;
  foundTo = 0;
  /** After an incomplete value: the least number of bytes that the buffer must have. */
  wanted = 0;

  private readonly head = new Head();
  /** By depth: how many items or entries are still to come, whether they are entries of a map, and where the last key was. */
  private readonly left = new Float64Array(MAX_DEPTH + 1);
  private readonly isMap = new Uint8Array(MAX_DEPTH + 1);
  private readonly keyFrom = new Int32Array(MAX_DEPTH + 1);
  private readonly keyTo = new Int32Array(MAX_DEPTH + 1);

  /**
   * @param lookFor - the key, at the outermost level, whose value is to be found
   * @param work - counts the values. Default: they are not counted.
   */
  constructor(
    private readonly lookFor: Buffer = Buffer.alloc(0),
    private readonly work: Work = { values: 0 },
  ) {}

  /**
   * @param at - where the value begins
   * @param numberKeys - whether keys may be numbers as well as strings
   * @returns where it ends; -1 if the buffer ends before it does
   * @throws Undecodable
   */
  scan(buffer: Buffer, at: number, numberKeys = false): number {
    const { head, left, isMap, work } = this;
    const end = buffer.length;
    this.inOrder = true;
    this.hasNumberKey = false;
    this.found = -1;
    this.foundFrom = 0;
    this.foundTo = 0;
    let depth = 0;
    left[0] = 1;
    isMap[0] = 0;
    for (;;) {
      let remaining = left[depth] as number;
      while (remaining === 0) {
        if (depth === 0) return at;
        depth -= 1;
        remaining = left[depth] as number;
      }
      left[depth] = remaining - 1;
      work.values++;

      let isFound = false;
      if (isMap[depth] === 1) {
        at = this.skipKey(buffer, at, depth, numberKeys);
        if (at < 0) return -1;
        isFound = depth === 1 && this.isLookedFor(buffer);
      }

      if (!head.tryRead(buffer, at, end)) return this.incomplete(head.wanted);
      if (isFound) {
        this.found = head.descriptor;
        this.foundAt = at;
      }
      const { kind, content, length } = head;
      at = content;
      if (kind === "map" || kind === "list") {
        if (depth === MAX_DEPTH) throw new Undecodable(`it is nested more than ${MAX_DEPTH} levels deep`);
        depth += 1;
        left[depth] = length;
        isMap[depth] = kind === "map" ? 1 : 0;
        this.keyFrom[depth] = -1;
      } else {
        at += length;
        if (isFound) {
          this.foundFrom = content;
          this.foundTo = at;
        }
        if (at > end) return this.incomplete(at);
      }
    }
  }

  /** @returns where the key ends; -1 if the buffer ends before it does */
  private skipKey(buffer: Buffer, at: number, depth: number, numberKeys: boolean): number {
    const { head } = this;
    if (!head.tryReadKey(buffer, at, numberKeys)) return this.incomplete(head.wanted);
    // Numeric keys are compared including their descriptors.
    const isNumber = head.kind === "unsigned";
    if (isNumber) this.hasNumberKey = true;
    const from = isNumber ? at : head.content;
    const to = head.content + head.length;
    if (to > buffer.length) return this.incomplete(to);
    const before = this.keyFrom[depth] as number;
    if (this.inOrder && before >= 0) {
      this.inOrder = compareBytes(buffer, before, this.keyTo[depth] as number, from, to) < 0;
    }
    this.keyFrom[depth] = from;
    this.keyTo[depth] = to;
    return to;
  }

  private isLookedFor(buffer: Buffer): boolean {
    const { lookFor } = this;
    const from = this.keyFrom[1] as number;
    if ((this.keyTo[1] as number) - from !== lookFor.length) return false;
    for (let i = 0; i < lookFor.length; i++) if (buffer[from + i] !== lookFor[i]) return false;
    return true;
  }

  private incomplete(wanted: number): -1 {
    this.wanted = wanted;
    return -1;
  }
}
