/** Reads SHA256SUMS (a line `hex name` for each of the two members) exactly as leniently as Consul does. */

import { malformed, mismatch } from "../failures";

/** The characters that Go's `fmt` treats as spaces, for a character class. */
const SPACE = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LINE = new RegExp(`^[${SPACE}]*((?:[0-9a-fA-F]{2})+)[${SPACE}]+([^${SPACE}]+)`, "u");
/** The longest line that Go's scanner accepts, including its line ending. */
const LINE_BYTES = 64 * 1024;

/**
 * @param content - of SHA256SUMS
 * @param sums - the computed sum of each member, in lower-case hex
 * @throws SnapshotError `ARCHIVE_CHECKSUM` or `ARCHIVE_MALFORMED`
 */
export function checkSums(content: Buffer, sums: ReadonlyMap<string, string>): void {
  const seen = new Set<string>();
  for (const line of linesOf(content)) {
    const [, sum = "", name = ""] = LINE.exec(line) ?? [];
    if (name === "") throw malformed("SHA256SUMS has a line that is not a checksum and a name");
    const actual = sums.get(name);
    if (actual === undefined) throw malformed(`SHA256SUMS names ${JSON.stringify(name)}, which no snapshot has`);
    if (actual !== sum.toLowerCase()) throw mismatch(`the checksum of ${name} does not match SHA256SUMS`);
    seen.add(name);
  }
  for (const name of sums.keys()) {
    if (!seen.has(name)) throw malformed(`SHA256SUMS has no checksum of ${name}`);
  }
}

function linesOf(content: Buffer): string[] {
  const lines: string[] = [];
  for (let at = 0; at < content.length; ) {
    const newline = content.indexOf(0x0a, at);
    const end = newline < 0 ? content.length : newline;
    if (end - at >= LINE_BYTES) throw malformed("SHA256SUMS has a line that is too long");
    const line = content.toString("utf8", at, end);
    lines.push(line.endsWith("\r") ? line.slice(0, -1) : line);
    at = end + 1;
  }
  return lines;
}
