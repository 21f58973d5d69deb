import { readFileSync } from "node:fs";
import { expect } from "chai";
import { COMMANDS } from "../../cli/commands";
import { synopsisOf } from "../../cli/description/command";
import { optionText } from "../../cli/description/helpText";
import { optionSynopsis } from "../../cli/description/option";
import { PLACE_URLS } from "../../provider/args/tables/places";
import { GUARDS } from "../../provider/restore/guards";
import { schemes } from "../../provider/store/backends";
import { PLACEHOLDERS } from "../../provider/store/placeholders";
import { RECORDS_PAGE, renewRecordTable } from "./recordTable";

/** What the reference pages must mention, by the pattern that finds it in the source. */
const MENTIONED = [
  { what: "error codes", source: "provider/errors.ts", pattern: /^ {2}\| "(\w+)"/gm, page: "docs/reference/errors.md" },
  {
    what: "outputs",
    source: "sdk/consulSnapshot.ts",
    pattern: /declare readonly (\w+)/g,
    page: "docs/reference/consul-snapshot.md",
  },
  {
    what: "outputs",
    source: "sdk/consulSnapshotRestore.ts",
    pattern: /declare readonly (\w+)/g,
    page: "docs/reference/consul-snapshot-restore.md",
  },
  {
    what: "arguments",
    source: "sdk/args.ts",
    part: /interface ConsulSnapshotArgs [^]*?^}/m,
    pattern: /readonly (\w+)\??:/g,
    page: "docs/reference/consul-snapshot.md",
  },
  {
    what: "arguments",
    source: "sdk/args.ts",
    part: /interface ConsulSnapshotRestoreArgs [^]*?^}/m,
    pattern: /readonly (\w+)\??:/g,
    page: "docs/reference/consul-snapshot-restore.md",
  },
] as const;

/** The fields of interfaces in a source file. */
function fieldsOf(source: string, interfaces: readonly string[]): string[] {
  const text = readFileSync(source, "utf8");
  return interfaces.flatMap((name) => {
    const [body = ""] = new RegExp(`interface ${name} [^]*?^}`, "m").exec(text) ?? [];
    return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = ""]) => field);
  });
}

/** Tables of the reference that must have a row for each name of a list in the code, and no other row. */
const LISTED = [
  {
    what: "placeholders",
    names: Object.keys(PLACEHOLDERS).map((name) => `{${name}}`),
    page: "docs/reference/targets.md",
    head: "| placeholder |",
  },
  {
    what: "guards",
    names: Object.keys(GUARDS),
    page: "docs/reference/consul-snapshot-restore.md",
    head: "| guard |",
  },
  {
    what: "fields of a manifest",
    names: fieldsOf("provider/catalog/manifest.ts", ["ReadFacts", "ArchiveFacts", "Manifest"]),
    page: "docs/reference/manifest.md",
    head: "| field |",
  },
] as const;

const COMMAND = "docs/reference/command.md";

describe("the reference", () => {
  it(`${RECORDS_PAGE} has the table of records: npm run docs -- arguments writes it`, () => {
    const page = readFileSync(RECORDS_PAGE, "utf8");
    expect(renewRecordTable(page)).to.equal(page);
    expect(renewRecordTable(page.replace("| KVS (2) | 1.8", "| KVS (2) | 1.9"))).to.equal(page);
  });

  for (const command of COMMANDS) {
    it(`${COMMAND} has the synopsis, options and exit codes of ${command.name}, as --help prints them`, () => {
      const [, section = ""] = readFileSync(COMMAND, "utf8").split(`\n## ${command.name}\n`);
      const [own = ""] = section.split("\n## ");
      expect(own).to.include(`\nconsul-snapshot ${synopsisOf(command)}\n`);
      const rows = Object.entries(command.options).map(
        ([name, option]) => `| \`${optionSynopsis(name, option).replaceAll("|", "\\|")}\` | ${optionText(option)} |`,
      );
      expect(own.split("\n")).to.include.members(rows);
      expect([...own.matchAll(/^\| (\d) \| /gm)].map(([, code]) => Number(code))).to.deep.equal(
        command.exitCodes.map(({ code }) => code),
      );
    });
  }

  for (const { what, names, page, head } of LISTED) {
    it(`${page} has a row for each of the ${what}, and no other`, () => {
      const [, after = ""] = readFileSync(page, "utf8").split(`\n${head}`);
      const [table = ""] = after.split("\n\n");
      const cells = table.split("\n").flatMap((line) => /^\| (`.+?) \|/.exec(line)?.[1] ?? []);
      const written = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
      expect(written).to.have.members(names);
    });
  }

  it("documentation lists the URLs of all backends", () => {
    const listed = [...PLACE_URLS.matchAll(/`(\w+):\/\/`/g)].map(([, scheme]) => scheme);
    expect(listed).to.deep.equal([...schemes()]);
    const page = readFileSync("docs/reference/targets.md", "utf8");
    for (const scheme of schemes()) expect(page).to.include(`${scheme}://`);
  });

  for (const { what, source, pattern, page, ...rest } of MENTIONED) {
    it(`${page} mentions all ${what} of ${source}`, () => {
      const text = readFileSync(source, "utf8");
      const part = "part" in rest ? (rest.part.exec(text)?.[0] ?? "") : text;
      const names = [...part.matchAll(pattern)].map(([, name = ""]) => name);
      expect(names).to.not.be.empty;
      const written = readFileSync(page, "utf8");
      const mentioned = (name: string): boolean => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(written);
      expect(names.filter((name) => !mentioned(name))).to.deep.equal([]);
    });
  }
});
