/**
 * Columns as Go's text/tabwriter sets them for `consul snapshot inspect`: cells end in a tab; a column is as wide as its
 * widest cell in lines that follow one another, and six spaces, and never less than eight.
 *
 * Keys may hold any byte, also those that the tabwriter takes for more than text: a vertical tab, a form feed, and 0xff,
 * between two of which all is text.
 */

import { runeCount } from "./goText";

const LEAST_WIDTH = 8;
const PADDING = 6;
const TAB = 0x09;
const NEWLINE = 0x0a;
const VERTICAL_TAB = 0x0b;
const FORM_FEED = 0x0c;
const ESCAPE = 0xff;

interface Cell {
  readonly text: Buffer;
  readonly width: number;
}

type Line = readonly Cell[];

export function alignColumns(text: Buffer): Buffer {
  const sections = parse(text).map((lines) => alignSection(lines));
  return Buffer.concat(sections.flatMap((section, i) => (i === 0 ? [section] : [Buffer.from("\n"), section])));
}

/** Sections end in a form feed; no column reaches over it. */
function parse(text: Buffer): Line[][] {
  let line: Cell[] = [];
  let lines: Cell[][] = [line];
  const sections = [lines];
  let from = 0;
  while (from < text.length) {
    const { cell, end } = parseCell(text, from);
    const separator = text[end];
    if (separator !== undefined || cell.text.length > 0) line.push(cell);
    from = end + 1;
    if (separator === NEWLINE) lines.push((line = []));
    if (separator === FORM_FEED) sections.push((lines = [(line = [])]));
  }
  return sections;
}

function parseCell(text: Buffer, from: number): { cell: Cell; end: number } {
  let end = from;
  let width = 0;
  let counted = from;
  let isEscaped = false;
  for (; end < text.length; end++) {
    const byte = text[end] ?? 0;
    if (byte === ESCAPE) {
      const to = isEscaped ? end + 1 : end;
      width += runeCount(text.subarray(counted, to)) - (isEscaped ? 2 : 0);
      counted = to;
      isEscaped = !isEscaped;
    } else if (!isEscaped && byte >= TAB && byte <= FORM_FEED && isSeparator(byte)) break;
  }
  width += runeCount(text.subarray(counted, end)) - (isEscaped ? 2 : 0);
  return { cell: { text: text.subarray(from, end), width }, end };
}

function isSeparator(byte: number): boolean {
  return byte === TAB || byte === NEWLINE || byte === VERTICAL_TAB || byte === FORM_FEED;
}

function alignSection(lines: readonly Line[]): Buffer {
  const widths = lines.map((line) => new Array<number>(Math.max(line.length - 1, 0)).fill(0));
  const columns = Math.max(...widths.map((line) => line.length));
  for (let column = 0; column < columns; column++) setColumn(lines, widths, column);
  const parts: Buffer[] = [];
  for (const [i, line] of lines.entries()) {
    if (i > 0) parts.push(Buffer.from("\n"));
    for (const [column, { text, width }] of line.entries()) {
      parts.push(text, Buffer.from(" ".repeat(Math.max((widths[i]?.[column] ?? 0) - width, 0))));
    }
  }
  return Buffer.concat(parts);
}

/** Gives each run of lines that have the column one width. A line's last cell is in no column. */
function setColumn(lines: readonly Line[], widths: readonly number[][], column: number): void {
  let first = 0;
  while (first < lines.length) {
    let last = first;
    let width = LEAST_WIDTH;
    for (; column < (lines[last]?.length ?? 0) - 1; last++) {
      width = Math.max(width, (lines[last]?.[column]?.width ?? 0) + PADDING);
    }
    for (let i = first; i < last; i++) (widths[i] as number[])[column] = width;
    first = last + 1;
  }
}
