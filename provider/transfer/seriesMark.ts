/**
 * Whose a manifest may be, told from its length alone: a listing gives names and lengths, and a name is the user's.
 *
 * A manifest is filled up with blanks until its length, modulo 8 KiB, is 4096 plus a mark of its series (12 bits of
 * a hash). So the manifests of other series need not be fetched to find ours. The mark only saves requests: what a
 * manifest says decides. One without a mark, shorter than 4 KiB, may be anyone's.
 */

import { createHash } from "node:crypto";

/** The series of archives that belong to one resource of one program. */
export function seriesOf(whose: {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly name: string;
}): string {
  return [whose.organization, whose.project, whose.stack, whose.name].join("/");
}

const HALF = 4096;
const CYCLE = 2 * HALF;

/** Fills a manifest's text up; the last character is a line feed. */
export function withMark(text: string, series: string): string {
  const length = Buffer.byteLength(text) + 1;
  const blanks = (CYCLE + HALF + markOf(series) - (length % CYCLE)) % CYCLE;
  return `${text}${" ".repeat(blanks)}\n`;
}

/** Whether a manifest of this length may be one of the series. */
export function mayBelongTo(series: string, length: number): boolean {
  const rest = length % CYCLE;
  return rest < HALF || rest - HALF === markOf(series);
}

function markOf(series: string): number {
  return createHash("sha256").update(series).digest().readUInt16BE() % HALF;
}
