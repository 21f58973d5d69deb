/**
 * Aligns columns as Go's text/tabwriter does for `consul snapshot inspect`. Cells end in a tab. Within a block of consecutive
 * lines, a column is as wide as its widest cell plus six spaces, and at least eight characters wide.
 *
 * Keys may contain any byte, including those that the tabwriter interprets: a vertical tab, a form feed, and 0xff, which encloses
 * literal text.
 */

import { runeCount } from "./goText";
import { EventLoopYield } from "./eventLoopYield";
import { GrowingBuffer } from "./growingBuffer";

const LEAST_WIDTH = 8;
const PADDING = 6;
const BLANK = 0x20;
const TAB = 0x09;
const NEWLINE = 0x0a;
const VERTICAL_TAB = 0x0b;
const FORM_FEED = 0x0c;
const ESCAPE = 0xff;

/** The range of its text, and its number of characters. */
interface Cell {
  readonly from: number;
  readonly to: number;
  readonly width: number;
}

type Line = readonly Cell[];

/** Yields to the event loop from time to time: there may be hundreds of thousands of lines. */
export async function alignColumns(text: Buffer): Promise<Buffer> {
  const pause = new EventLoopYield();
  const aligned = new GrowingBuffer(text.length);
  for (const [i, lines] of (await parse(text, pause)).entries()) {
    if (i > 0) aligned.repeat(NEWLINE, 1);
    await alignSection(text, lines, aligned, pause);
  }
  return aligned.end();
}

/** Sections end in a form feed; no column continues after it. */
async function parse(text: Buffer, pause: EventLoopYield): Promise<Line[][]> {
  let line: Cell[] = [];
  let lines: Cell[][] = [line];
  const sections = [lines];
  let from = 0;
  while (from < text.length) {
    if (pause.isDue()) await pause.run();
    const { cell, end } = parseCell(text, from);
    const separator = text[end];
    if (separator !== undefined || cell.to > cell.from) line.push(cell);
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
  return { cell: { from, to: end, width }, end };
}

function isSeparator(byte: number): boolean {
  return byte === TAB || byte === NEWLINE || byte === VERTICAL_TAB || byte === FORM_FEED;
}

async function alignSection(
  text: Buffer,
  lines: readonly Line[],
  aligned: GrowingBuffer,
  pause: EventLoopYield,
): Promise<void> {
  const widths: number[][] = [];
  let columns = 0;
  for (const line of lines) {
    if (pause.isDue()) await pause.run();
    const count = Math.max(line.length - 1, 0);
    widths.push(new Array<number>(count).fill(0));
    columns = Math.max(columns, count);
  }
  for (let column = 0; column < columns; column++) await setColumn(lines, widths, column, pause);
  for (const [i, line] of lines.entries()) {
    if (pause.isDue()) await pause.run();
    if (i > 0) aligned.repeat(NEWLINE, 1);
    for (const [column, { from, to, width }] of line.entries()) {
      aligned.copy(text, from, to);
      aligned.repeat(BLANK, Math.max((widths[i]?.[column] ?? 0) - width, 0));
    }
  }
}

/** Sets one width for each block of lines that have the column. The last cell of a line belongs to no column. */
async function setColumn(
  lines: readonly Line[],
  widths: readonly number[][],
  column: number,
  pause: EventLoopYield,
): Promise<void> {
  let first = 0;
  while (first < lines.length) {
    let last = first;
    let width = LEAST_WIDTH;
    for (; column < (lines[last]?.length ?? 0) - 1; last++) {
      if (pause.isDue()) await pause.run();
      width = Math.max(width, (lines[last]?.[column]?.width ?? 0) + PADDING);
    }
    for (let i = first; i < last; i++) (widths[i] as number[])[column] = width;
    if (pause.isDue()) await pause.run();
    first = last + 1;
  }
}
