/**
 * Encodes a mark of the series in the length of a manifest: a listing shows only names and lengths, and users choose
 * the names.
 *
 * A manifest is padded with spaces until its length, modulo 8 KiB, is 4096 plus a mark of its series (12 bits of a
 * hash). So the manifests of other series need not be fetched. The mark only saves requests: the content of a manifest
 * decides. A manifest without a mark, shorter than 4 KiB, may belong to any series.
 */

import { createHash } from "node:crypto";
import type { Owner } from "../owner";

/** The series of one resource of one program. */
export function seriesOf({ organization, project, stack, name, series }: Owner): string {
  return series ?? [organization, project, stack, name].join("/");
}

const HALF = 4096;
const CYCLE = 2 * HALF;

/** Pads a manifest; the last character is a line feed. */
export function withMark(text: string, series: string): string {
  const length = Buffer.byteLength(text) + 1;
  const blanks = (CYCLE + HALF + markOf(series) - (length % CYCLE)) % CYCLE;
  return `${text}${" ".repeat(blanks)}\n`;
}

/** Whether a manifest of this length may belong to the series. */
export function mayBelongTo(series: string, length: number): boolean {
  const rest = length % CYCLE;
  return rest < HALF || rest - HALF === markOf(series);
}

function markOf(series: string): number {
  return createHash("sha256").update(series).digest().readUInt16BE() % HALF;
}
