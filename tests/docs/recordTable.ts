/** The table of records in the reference: `npm run docs` writes it below `<!-- records -->`, a test compares it. */

import { CONFIG_ENTRY, RECORD_TYPES, type RecordType } from "../../provider/archive/recordTypes";

export const RECORDS_PAGE = "docs/reference/consul-versions.md";

const TABLE = /(<!-- records -->\n)((?:\|.*\n)*)/;

/** @throws Error when the page has no marker */
export function renewRecordTable(markdown: string): string {
  if (!TABLE.test(markdown)) throw new Error(`${RECORDS_PAGE} has no <!-- records -->`);
  const rows = RECORD_TYPES.filter(({ since }) => since !== undefined).map(lineOf);
  const head = "| record | restored by | edition | fields | how it is known |\n|---|---|---|---|---|\n";
  return markdown.replace(TABLE, (_, marker: string) => marker + head + rows.join(""));
}

function lineOf(row: RecordType): string {
  const { type, name, since, until, edition, body, basis } = row;
  const isKind = type === CONFIG_ENTRY && body !== "configEntry";
  const what = isKind ? `configuration entry \`${name}\`` : `${name} (${type})`;
  const versions = `${since?.join(".") ?? ""} ${until === undefined ? "and later" : `to before ${until.join(".")}`}`;
  const fields = body === undefined ? "not checked" : "checked";
  return `| ${what} | ${versions} | ${edition === "enterprise" ? "Enterprise" : "both"} | ${fields} | ${basis} |\n`;
}
