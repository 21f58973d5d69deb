/**
 * A value that is too large to be kept in memory: it is walked and hashed piece by piece.
 *
 * Only the framing of its maps is checked, and the digest is that of the unchanged bytes. Values of this size are structs with
 * one large field, whose keys are already sorted.
 */

import { createHash } from "node:crypto";
import { Head, Undecodable } from "./head";
import { MAX_DEPTH } from "./scanner";
import type { Work } from "./work";

/** The longest head of a value or key: a descriptor and a length of 32 bits. */
const HEAD_BYTES = 5;
/** Enough for the kind of any configuration entry and the bytes before it. */
const BEGINNING_BYTES = 256;

export class LargeRecord {
  bytes = 0;
  /** The first bytes of the value. */
  beginning = Buffer.alloc(0);
  private readonly hash = createHash("sha256");
  /** By level, the number of items still to come; for maps, keys and values both count. */
  private readonly levels: { left: number; isMap: boolean }[] = [{ left: 1, isMap: false }];
  private readonly head = new Head();
  /** Bytes of the current value still to skip. */
  private skip = 0;
  /** The beginning of a head that is split between two pieces. */
  private readonly split = Buffer.alloc(HEAD_BYTES);
  private splitBytes = 0;

  /** @param numberKeys - whether keys may be numbers as well as strings */
  constructor(
    private readonly numberKeys: boolean,
    private readonly work: Work,
  ) {}

  /**
   * @returns where the value ends in the piece; -1 if it goes on behind it
   * @throws Undecodable
   */
  push(piece: Buffer, from: number): number {
    let at = from;
    while (at < piece.length) {
      if (this.skip > 0) {
        const skipped = Math.min(this.skip, piece.length - at);
        this.skip -= skipped;
        at += skipped;
      } else if (this.splitBytes > 0) {
        this.split[this.splitBytes++] = piece[at++] as number;
        if (this.readHead(this.split, 0, this.splitBytes)) this.splitBytes = 0;
      } else if (this.readHead(piece, at, piece.length)) {
        at = this.head.content;
      } else {
        this.splitBytes = piece.copy(this.split, 0, at);
        at = piece.length;
      }
      if (this.skip === 0 && this.splitBytes === 0 && this.isWhole()) {
        this.take(piece, from, at);
        return at;
      }
    }
    this.take(piece, from, at);
    return -1;
  }

  /** SHA-256 of the value, one character per byte. */
  digest(): string {
    return this.hash.digest("binary");
  }

  private take(piece: Buffer, from: number, to: number): void {
    const missing = BEGINNING_BYTES - this.beginning.length;
    if (missing > 0) {
      this.beginning = Buffer.concat([this.beginning, piece.subarray(from, Math.min(to, from + missing))]);
    }
    this.hash.update(piece.subarray(from, to));
    this.bytes += to - from;
  }

  /** Leaves the levels that are complete. */
  private isWhole(): boolean {
    while (this.levels.at(-1)?.left === 0) this.levels.pop();
    return this.levels.length === 0;
  }

  /** @returns whether the head of the next key or value is complete */
  private readHead(buffer: Buffer, at: number, end: number): boolean {
    const level = this.levels.at(-1);
    if (level === undefined) return true;
    const { head } = this;
    const isKey = level.isMap && level.left % 2 === 0;
    const isComplete = isKey ? head.tryReadKey(buffer, at, this.numberKeys, end) : head.tryRead(buffer, at, end);
    if (!isComplete) return false;
    level.left -= 1;
    this.work.values++;
    if (head.kind === "map") this.enter(head.length * 2, true);
    else if (head.kind === "list") this.enter(head.length, false);
    else this.skip = head.length;
    return true;
  }

  private enter(left: number, isMap: boolean): void {
    if (this.levels.length > MAX_DEPTH) throw new Undecodable(`it is nested more than ${MAX_DEPTH} levels deep`);
    this.levels.push({ left, isMap });
  }
}
