/**
 * Sparse files in a tar: a map of fragments, followed by only their bytes. Consul never writes one but accepts one, so
 * this reader does too.
 */

import { tooLarge } from "../limits";
import { badHeader, isHeaderOnly, number, type TarHeader } from "./tarHeader";
import { integer, type Pax } from "./tarPax";

/** Fragments and holes take no space in an archive but time to process. */
const MAX_FRAGMENTS = 10_000;
const MAX_HOLES = 64 * 1024;

export interface Fragment {
  readonly offset: number;
  readonly length: number;
}

export interface Sparse {
  readonly name: string;
  /** Size of the file in bytes, holes included. */
  readonly size: number;
  readonly fragments: readonly Fragment[];
  /** Bytes of the entry's content that the map occupies. */
  readonly mapBytes: number;
}

/** Refuses a map that is not sorted, exceeds the file, or does not match the stored bytes. */
export function validate(sparse: Sparse, header: TarHeader, stored: number): void {
  if (isHeaderOnly(header) || sparse.size < 0) throw badHeader();
  let [end, total] = [0, 0];
  for (const { offset, length } of sparse.fragments) {
    if (offset < end || length < 0 || offset + length > sparse.size) throw badHeader();
    end = offset + length;
    total += length;
  }
  if (total !== stored) throw badHeader();
  limitFragments(sparse.fragments.length);
  if (sparse.size - stored > MAX_HOLES) {
    throw tooLarge(`the archive holds a sparse file with holes of more than ${MAX_HOLES} bytes`);
  }
}

function limitFragments(count: number): void {
  if (count > MAX_FRAGMENTS) {
    throw tooLarge(`the archive holds a sparse file of more than ${MAX_FRAGMENTS} fragments`);
  }
}

/** GNU's old format: four fragments in the header, then blocks of 21 fragments each. */
export class OldSparseMap {
  readonly size: number;
  readonly fragments: Fragment[] = [];
  /** Whether another block follows. */
  isExtended = false;

  constructor(header: Buffer) {
    this.size = number(header, 483, 12);
    this.add(header, 386, 4);
  }

  extend(block: Buffer): void {
    this.add(block, 0, 21);
  }

  private add(block: Buffer, first: number, entries: number): void {
    for (let at = first; at < first + entries * 24 && block[at] !== 0; at += 24) {
      this.fragments.push({ offset: number(block, at, 12), length: number(block, at + 12, 12) });
    }
    this.isExtended = block[first + entries * 24] !== 0;
  }
}

/** More digits than any 64-bit number has, including leading zeros. */
const MAX_DIGITS = 1000;

/**
 * GNU's sparse format 1.0: decimal lines before the content, padded to whole blocks; the first is the number of
 * fragments.
 */
export class SparseMap {
  private readonly lines: string[] = [];
  private rest = "";

  add(block: Buffer): void {
    const lines = (this.rest + block.toString("latin1")).split("\n");
    this.rest = lines.pop() ?? "";
    if (this.rest.length > MAX_DIGITS) throw badHeader();
    for (const line of lines) this.lines.push(line);
  }

  /** `undefined` while more of the map is needed. */
  get fragments(): Fragment[] | undefined {
    const [count] = this.lines;
    if (count === undefined) return undefined;
    const entries = integer(count);
    if (entries < 0) throw badHeader();
    limitFragments(entries);
    return this.lines.length < 1 + 2 * entries ? undefined : pairs(this.lines.slice(1, 1 + 2 * entries).map(integer));
  }
}

/** The sparse file that PAX records describe; without fragments if the map precedes the content. */
export function paxSparse(
  header: TarHeader,
  pax: Pax,
): Sparse | (Omit<Sparse, "fragments"> & { readonly fragments?: undefined }) | undefined {
  const get = (key: string): string => pax.get(`GNU.sparse.${key}`) ?? "";
  const [major, minor] = [get("major"), get("minor")];
  const isNewest = major === "1" && minor === "0";
  const isOlder = major === "0" && (minor === "0" || minor === "1");
  if (!isNewest && !isOlder && (major !== "" || minor !== "" || get("map") === "")) return undefined;
  const size = get("size") || get("realsize");
  const common = { name: get("name") || header.name, size: size === "" ? header.size : integer(size), mapBytes: 0 };
  if (isNewest) return common;
  const numbers = get("map") === "" ? [] : get("map").split(",");
  if (integer(get("numblocks")) * 2 !== numbers.length) throw badHeader();
  limitFragments(numbers.length / 2);
  return { ...common, fragments: pairs(numbers.map(integer)) };
}

function pairs(numbers: readonly number[]): Fragment[] {
  const fragments: Fragment[] = [];
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    fragments.push({ offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 });
  }
  return fragments;
}
