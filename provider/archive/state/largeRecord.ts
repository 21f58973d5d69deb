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
/** Longer items are not passed on. No item of a real list comes near it. */
const ITEM_BYTES = 64 * 1024;
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
  /** The current item of the outermost list: its bytes in earlier pieces, and where it goes on in this one. */
  private item: { readonly earlier: Buffer[]; bytes: number; from: number } | undefined;
  private hasLongItem = false;
  private isList = false;

  /**
   * @param numberKeys - whether keys may be numbers as well as strings
   * @param onItem - receives each item if the value is a list, except overlong ones; valid only during the call. Default:
   *   items are not passed on
   */
  constructor(
    private readonly numberKeys: boolean,
    private readonly work: Work,
    private readonly onItem?: (item: Buffer) => void,
  ) {}

  /** Whether `onItem` has received the whole value, item by item. */
  get isPassedOn(): boolean {
    return this.isList && !this.hasLongItem;
  }

  /**
   * @returns where the value ends in the piece; -1 if it goes on behind it
   * @throws Undecodable
   */
  push(piece: Buffer, from: number): number {
    let at = from;
    if (this.item !== undefined) this.item.from = from;
    while (at < piece.length) {
      if (this.skip === 0 && this.splitBytes === 0) this.beginItem(at);
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
      if (this.skip > 0 || this.splitBytes > 0) continue;
      const isWhole = this.isWhole();
      if (this.levels.length <= 2) this.endItem(piece, at);
      if (isWhole) {
        this.take(piece, from, at);
        return at;
      }
    }
    this.keepItem(piece);
    this.take(piece, from, at);
    return -1;
  }

  /** SHA-256 of the value, one character per byte. */
  digest(): string {
    return this.hash.digest("binary");
  }

  /** The outermost list is the second level. */
  private beginItem(at: number): void {
    if (this.onItem === undefined || this.item !== undefined || this.levels.length !== 2) return;
    if (this.levels[1]?.isMap === true) return;
    this.isList = true;
    this.item = { earlier: [], bytes: 0, from: at };
  }

  private endItem(piece: Buffer, to: number): void {
    const { item } = this;
    if (item === undefined) return;
    this.item = undefined;
    const last = piece.subarray(item.from, to);
    if (item.bytes + last.length > ITEM_BYTES) this.hasLongItem = true;
    else this.onItem?.(item.bytes === 0 ? last : Buffer.concat([...item.earlier, last]));
  }

  /** The piece is not used after the call. */
  private keepItem(piece: Buffer): void {
    const { item } = this;
    if (item === undefined) return;
    const bytes = piece.subarray(item.from);
    item.bytes += bytes.length;
    if (item.bytes <= ITEM_BYTES) item.earlier.push(Buffer.from(bytes));
    else item.earlier.length = 0;
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
