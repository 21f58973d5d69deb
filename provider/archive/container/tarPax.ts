/** PAX records (`length key=value\n`), which override fields of the next header. */

import { tooLarge } from "../limits";
import { badHeader, type TarHeader } from "./tarHeader";

export type Pax = ReadonlyMap<string, string>;

const SPARSE_OFFSET = "GNU.sparse.offset";
const SPARSE_BYTES = "GNU.sparse.numbytes";
const SPARSE_MAP = "GNU.sparse.map";
/** The values of these keys must not contain a zero byte; for all other records, the key must not. */
const TEXTS = new Set(["path", "linkpath", "uname", "gname"]);
const INTEGERS = new Set(["uid", "gid", "size"]);
const TIMES = new Set(["atime", "mtime", "ctime"]);
/** Maximum number of records per header; an archive that was repacked by hand has about ten. */
const MAX_RECORDS = 10_000;

/** @throws SnapshotError `ARCHIVE_MALFORMED` */
export function parsePax(content: Buffer): Pax {
  const records = new Map<string, string>();
  // GNU's sparse format 0.0 writes two records for each fragment, always with the same keys.
  const fragments: string[] = [];
  let count = 0;
  for (let rest = content.toString("latin1"); rest !== ""; count++) {
    if (count === MAX_RECORDS) throw tooLarge(`the archive's tar has a header of more than ${MAX_RECORDS} records`);
    const [key, value, after] = parseRecord(rest);
    rest = after;
    if (key === SPARSE_OFFSET || key === SPARSE_BYTES) {
      const expected = fragments.length % 2 === 0 ? SPARSE_OFFSET : SPARSE_BYTES;
      if (key !== expected || value.includes(",")) throw badHeader();
      fragments.push(value);
    } else records.set(key, value);
  }
  if (fragments.length > 0) records.set(SPARSE_MAP, fragments.join(","));
  return records;
}

/** Applies PAX records and GNU's long name to a header. */
export function applyPax(header: TarHeader, pax: Pax, longName: string): TarHeader {
  let { name, size } = header;
  for (const [key, value] of pax) {
    // An empty value does not override the header.
    if (value === "") continue;
    if (key === "path") name = value;
    if (INTEGERS.has(key)) integer(value);
    if (key === "size") size = integer(value);
    if (TIMES.has(key)) checkTime(value);
  }
  if (longName !== "") name = longName;
  // Old formats have no type flag for folders; a trailing slash marks them.
  const typeFlag = header.typeFlag === "\0" && name.endsWith("/") ? "5" : header.typeFlag;
  return { ...header, name, size, typeFlag };
}

/** Parses a signed 64-bit decimal. @throws SnapshotError `ARCHIVE_MALFORMED` */
export function integer(digits: string): number {
  const [, sign = "", number = ""] = /^([+-]?)0*(\d{1,19})$/.exec(digits) ?? [];
  if (number === "") throw badHeader();
  const value = BigInt(`${sign === "-" ? "-" : ""}${number}`);
  if (BigInt.asIntN(64, value) !== value) throw badHeader();
  return Number(value);
}

function parseRecord(text: string): [key: string, value: string, rest: string] {
  const space = text.indexOf(" ");
  if (space < 0) throw badHeader();
  const length = integer(text.slice(0, space));
  if (length < 5 || length > text.length || length <= space + 1 || text[length - 1] !== "\n") throw badHeader();
  const record = text.slice(space + 1, length - 1);
  const equals = record.indexOf("=");
  if (equals <= 0) throw badHeader();
  const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
  if ((TEXTS.has(key) ? value : key).includes("\0")) throw badHeader();
  return [key, value, text.slice(length)];
}

function checkTime(value: string): void {
  const [seconds = "", fraction = ""] = value.split(/\.(.*)/s);
  integer(seconds);
  if (!/^\d*$/.test(fraction)) throw badHeader();
}
