/**
 * Parses the header block of a tar entry exactly as Go's archive/tar does.
 *
 * General tar libraries interpret some blocks differently from Go (signed checksums, base-256 numbers, old formats,
 * unknown flags), so they would accept archives that Consul refuses, or the other way round.
 */

import type { SnapshotError } from "../../errors";
import { malformed } from "../failures";

export const BLOCK = 512;

export interface TarHeader {
  readonly name: string;
  readonly typeFlag: string;
  /** As in the header; may be negative, and is only approximate beyond 2^53. */
  readonly size: number;
  /** Whether the format is GNU's, which allows old sparse files. */
  readonly isGnu: boolean;
}

/** Links, folders and devices have no content, whatever size their header specifies. */
export function isHeaderOnly(header: TarHeader): boolean {
  return /[1-6]/.test(header.typeFlag);
}

/** @throws SnapshotError `ARCHIVE_MALFORMED` */
export function parseHeader(block: Buffer): TarHeader {
  checkSum(block);
  const magic = text(block, 257, 8, false);
  const isUstar = magic.startsWith("ustar\0");
  const isStar = isUstar && text(block, 508, 4, false) === "tar\0";
  const isGnu = magic === "ustar  \0";
  const size = number(block, 124, 12);
  for (const [at, length] of [
    [100, 8], // mode
    [108, 8], // uid
    [116, 8], // gid
    [136, 12], // time
  ] as const) {
    number(block, at, length);
  }
  let prefix = "";
  if (isUstar || isGnu) {
    number(block, 329, 8); // device, major
    number(block, 337, 8); // and minor
  }
  if (isStar) {
    prefix = text(block, 345, 131);
    number(block, 476, 12);
    number(block, 488, 12);
  } else if (isUstar) prefix = text(block, 345, 155);
  else if (isGnu && !gnuTimesAreReadable(block)) {
    // Go before 1.8 wrote a prefix in the place of GNU's times.
    const old = text(block, 345, 155);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is meant
    if (/^[\x01-\x7f]*$/.test(old)) prefix = old;
  }
  const name = text(block, 0, 100);
  return { name: prefix === "" ? name : `${prefix}/${name}`, typeFlag: text(block, 156, 1, false), size, isGnu };
}

function checkSum(block: Buffer): void {
  let unsigned = 0;
  let signed = 0;
  for (let at = 0; at < BLOCK; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0);
    unsigned += byte;
    signed += byte < 0x80 ? byte : byte - 0x100;
  }
  const sum = octal(block.subarray(148, 156));
  if (sum !== unsigned && sum !== signed) throw badHeader();
}

function gnuTimesAreReadable(block: Buffer): boolean {
  try {
    if (block[345] !== 0) number(block, 345, 12);
    if (block[357] !== 0) number(block, 357, 12);
    return true;
  } catch {
    return false;
  }
}

/** Parses octal digits or, if the first bit is set, a two's complement number in base 256. */
export function number(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  const first = field[0] ?? 0;
  if ((first & 0x80) === 0) return octal(field);
  const negative = (first & 0x40) !== 0;
  let value = 0n;
  for (const [place, byte] of field.entries()) {
    const digit = (negative ? byte ^ 0xff : byte) & (place === 0 ? 0x7f : 0xff);
    value = (value << 8n) | BigInt(digit);
  }
  if (value >> 63n !== 0n) throw badHeader();
  return Number(negative ? -value - 1n : value);
}

function octal(field: Buffer): number {
  // Trim zeros and spaces on both sides; the rest ends at its first zero.
  const digits = field
    .toString("latin1")
    .replace(/^[ \0]+|[ \0]+$/g, "")
    .split("\0", 1)[0];
  if (digits === undefined || digits === "") return 0;
  if (!/^[0-7]+$/.test(digits)) throw badHeader();
  return Number.parseInt(digits, 8);
}

/** Decodes bytes as Latin-1, so that different names never become equal; by default up to the first zero. */
export function text(block: Buffer, at: number, length: number, untilZero = true): string {
  const whole = block.toString("latin1", at, at + length);
  return untilZero ? (whole.split("\0", 1)[0] ?? "") : whole;
}

export function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

export function badHeader(): SnapshotError {
  return malformed("the archive's tar has a header that cannot be read");
}
