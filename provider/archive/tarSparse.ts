/**
 * Sparse files in a tar: a map of fragments, and only their bytes. No Consul writes one; but Consul would take one, so
 * this reader does too.
 */

import { badHeader, isHeaderOnly, number, type TarHeader } from "./tarHeader";
import { integer, type Pax } from "./tarPax";

export interface Fragment {
  readonly offset: number;
  readonly length: number;
}

export interface Sparse {
  readonly name: string;
  /** Bytes of the file, holes included. */
  readonly size: number;
  readonly fragments: readonly Fragment[];
  /** Bytes of the entry's content that its map takes. */
  readonly mapBytes: number;
}

/** Refuses a map that is not in order, leaves the file, or does not fit the bytes that are stored. */
export function validate(sparse: Sparse, header: TarHeader, stored: number): void {
  if (isHeaderOnly(header) || sparse.size < 0) throw badHeader();
  let [end, total] = [0, 0];
  for (const { offset, length } of sparse.fragments) {
    if (offset < end || length < 0 || offset + length > sparse.size) throw badHeader();
    end = offset + length;
    total += length;
  }
  if (total !== stored) throw badHeader();
}

/** GNU's old way: four fragments in the header, and blocks of 21 more behind it. */
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

/** GNU's newest way: decimal lines in front of the content, in whole blocks; the first is the number of fragments. */
export class SparseMap {
  private readonly lines: string[] = [];
  private rest = "";

  add(block: Buffer): void {
    const lines = (this.rest + block.toString("latin1")).split("\n");
    this.rest = lines.pop() ?? "";
    this.lines.push(...lines);
  }

  /** Nothing while more of the map is needed. */
  get fragments(): Fragment[] | undefined {
    const [count] = this.lines;
    if (count === undefined) return undefined;
    const entries = integer(count);
    if (entries < 0) throw badHeader();
    return this.lines.length < 1 + 2 * entries ? undefined : pairs(this.lines.slice(1, 1 + 2 * entries).map(integer));
  }
}

/** What PAX records say of a sparse file; without fragments where those lie in front of its content. */
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
  const numbers = get("map") === "" ? [] : get("map").split(",").map(integer);
  if (integer(get("numblocks")) * 2 !== numbers.length) throw badHeader();
  return { ...common, fragments: pairs(numbers) };
}

function pairs(numbers: readonly number[]): Fragment[] {
  const fragments: Fragment[] = [];
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    fragments.push({ offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 });
  }
  return fragments;
}
