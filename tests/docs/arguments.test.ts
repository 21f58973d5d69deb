import { readFileSync } from "node:fs";
import { expect } from "chai";
import ts from "typescript";
import { COMMANDS } from "../../cli/commands";
import type { ConnectionArgs } from "../../provider/args/tables/connection";
import { type Noun, NOUNS } from "../../provider/args/tables/nouns";
import { SNAPSHOT } from "../../provider/args/tables/snapshot";
import type { Row } from "../../provider/args/tables/row";
import { optionFlag } from "../../provider/optionFlag";
import type { ConsulConnectionArgs } from "../../sdk/args";
import { nounsIn, renewHookRow, renewTables, tableOf } from "./argumentTables";
import { inputTypeOf, INTERFACES } from "./argumentText";
import {
  docComment,
  HOOK_FILE,
  renewHookArgs,
  renewSecrets,
  renewTypes,
  SECRETS_FILE,
  TYPES_FILE,
} from "./argumentTypes";
import { listPages } from "./markdown";
import { CLASSES, renewClass, renewOutputInterfaces } from "./outputTypes";

const ALL = Object.keys(NOUNS) as Noun[];
const ADVICE = "`npm run docs -- arguments` writes what the tables define";

const OPTIONS = COMMANDS.flatMap(({ options }) =>
  Object.entries(options).map(([name, option]) => ({ flag: optionFlag(name), option })),
);

/** The row that an option's `argument` means, such as `connection.address`, or that of a resource, such as `series`. */
function rowAt(path: string): Row | undefined {
  const [name = "", noun] = path.split(".").reverse();
  return noun === undefined ? { ...NOUNS.snapshot, ...NOUNS.restore }[name] : NOUNS[noun as Noun][name];
}

/** What the compiler sees of one member of an interface. */
interface Member {
  readonly name: string;
  readonly isOptional: boolean;
  readonly type: string;
  readonly doc: string;
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
}

function membersOf(source: ts.SourceFile, name: string): Member[] {
  const found = source.statements.find(
    (each): each is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(each) && each.name.text === name,
  );
  return (found?.members ?? []).map((member) => {
    if (!ts.isPropertySignature(member)) throw new Error(`${name} has a member that is no property`);
    const [comment] = ts.getJSDocCommentsAndTags(member);
    return {
      name: member.name.getText(),
      isOptional: member.questionToken !== undefined,
      type: member.type?.getText() ?? "",
      doc: ts.getTextOfJSDocComment(comment?.comment)?.replaceAll(/\s+/g, " ") ?? "",
    };
  });
}

function memberOf(name: string, row: Row): Member {
  return { name, isOptional: row.required !== true, type: inputTypeOf(row.kind), doc: docComment(row) };
}

describe("the argument tables", () => {
  const types = parse(TYPES_FILE);

  for (const noun of ALL) {
    it(`${noun}: the SDK's ${INTERFACES[noun]} has the same arguments, types, defaults, variables and secrets`, () => {
      const rows = Object.entries(NOUNS[noun]).map(([name, row]) => memberOf(name, row));
      expect(membersOf(types, INTERFACES[noun]), ADVICE).to.deep.equal(rows);
    });

    it(`${noun}: the reference has one table, with the same in each cell`, () => {
      const pages = listPages().filter((page) => page.startsWith("docs/reference/"));
      const shown = pages.filter((page) => nounsIn(readFileSync(page, "utf8")).includes(noun));
      expect(shown, "pages with <!-- arguments: … -->").to.have.lengthOf(1);
      const cells = (markdown: string): string[][] => markdown.split("\n").map((line) => line.split(/(?<!\\)\|/));
      const [page = ""] = shown;
      const markdown = readFileSync(page, "utf8");
      const [, written = ""] = new RegExp(`<!-- arguments: ${noun} -->\\n((?:\\|.*\\n)*)`).exec(markdown) ?? [];
      expect(cells(written), `${page}: ${ADVICE}`).to.deep.equal(cells(tableOf(noun)));
    });
  }

  it("the SDK marks the same secrets", () => {
    const source = readFileSync(SECRETS_FILE, "utf8");
    expect(renewSecrets(source), ADVICE).to.equal(source);
  });

  it("snapshotBefore takes the arguments of a snapshot that need no state", () => {
    const pick = parse(HOOK_FILE).statements.find(
      (each): each is ts.TypeAliasDeclaration =>
        ts.isTypeAliasDeclaration(each) && each.name.text === "SnapshotBeforeArgs",
    );
    const source = readFileSync(HOOK_FILE, "utf8");
    expect(renewHookArgs(source), ADVICE).to.equal(source);
    const names = [...(pick?.type.getText().matchAll(/"(\w+)"/g) ?? [])].map(([, name]) => name);
    const stateless = Object.entries(SNAPSHOT).filter(([, row]) => !("stateful" in row));
    expect(names).to.have.members(stateless.map(([name]) => name));
    const reference = readFileSync("docs/reference/snapshot-before.md", "utf8");
    expect(renewHookRow(reference), ADVICE).to.equal(reference);
    const [, listed = ""] = /^\| (`.*`) \| as in \[ConsulSnapshot\]/m.exec(reference) ?? [];
    expect([...listed.matchAll(/`(\w+)`/g)].map(([, name]) => name)).to.have.members(names);
  });

  it("the command's options that stand for arguments have the same name, variable and kind", () => {
    const standing = OPTIONS.filter(({ option }) => option.argument !== undefined);
    expect(standing).to.not.be.empty;
    for (const { flag, option } of standing) {
      const row = rowAt(option.argument ?? "");
      expect(row?.option, option.argument).to.equal(flag);
      expect(row?.environment?.variable, flag).to.equal(option.environment);
      expect(row?.kind.type === "list", flag).to.equal(option.list === true);
      expect(row?.kind.type === "boolean", flag).to.equal(option.value === undefined);
    }
  });

  it("every option that a row names exists, and stands for no other argument", () => {
    for (const noun of ALL) {
      for (const [name, row] of Object.entries(NOUNS[noun])) {
        if (row.option === undefined) continue;
        const found = OPTIONS.filter(({ flag }) => flag === row.option);
        expect(found, `${row.option} of ${noun}.${name}`).to.not.be.empty;
        for (const { option } of found) {
          if (option.argument !== undefined) expect(rowAt(option.argument), row.option).to.equal(row);
        }
      }
    }
  });

  it("the settings that code reads are those that a program can write", () => {
    // The compiler compares them; a row whose written type differs from the SDK's does not compile.
    const written = (settings: Omit<ConnectionArgs, "headers">): ConsulConnectionArgs => settings;
    expect(written({ idleTimeout: 90 })).to.deep.equal({ idleTimeout: 90 });
  });
});

describe("what writes the argument tables", () => {
  const page = `before\n\n<!-- arguments: retention -->\n${tableOf("retention")}\nbehind | it\n`;

  it("restores a row that is missing, and a cell that differs", () => {
    expect(renewTables(page)).to.equal(page);
    for (const [found, put] of [
      [/^\| `keepDaily`.*\n/m, ""],
      [/no such rule/, "7"],
      [/^\|.*\n/gm, ""],
    ] as const) {
      const altered = page.replace(found, put);
      expect(altered).to.not.equal(page);
      expect(renewTables(altered)).to.equal(page);
    }
  });

  it("restores a type, a comment and a secret", () => {
    const source = readFileSync(TYPES_FILE, "utf8");
    for (const [found, put] of [
      [/ {2}readonly token\?: .*\n/, ""],
      [/Default: `"2m"`/, 'Default: `"1m"`'],
      [/ Secret\./, ""],
    ] as const) {
      const altered = source.replace(found, put);
      expect(altered).to.not.equal(source);
      expect(renewTypes(altered)).to.equal(source);
    }
    const secrets = readFileSync(SECRETS_FILE, "utf8");
    const hook = readFileSync(HOOK_FILE, "utf8");
    expect(renewHookArgs(hook.replace(' | "series"', ""))).to.equal(hook);
    expect(renewSecrets(secrets.replace('"tokenAfterRestore"', ""))).to.equal(secrets);
  });

  it("restores an output, in the class, in its list and in an object", () => {
    for (const { file, name, outputs } of CLASSES) {
      const source = readFileSync(file, "utf8");
      expect(renewClass(source, name, outputs), ADVICE).to.equal(source);
      for (const found of [/\n {2}\/\*\* .*\n {2}declare readonly snapshotId: .*/, / {2}snapshotId: undefined,\n/]) {
        const altered = source.replace(found, "");
        expect(altered).to.not.equal(source);
        expect(renewClass(altered, name, outputs)).to.equal(source);
      }
    }
    const types = readFileSync(TYPES_FILE, "utf8");
    expect(renewOutputInterfaces(types), ADVICE).to.equal(types);
    expect(renewOutputInterfaces(types.replace("readonly knownBy?", "readonly knownBy"))).to.equal(types);
  });

  it("refuses a marker without a noun, and a file without its interfaces", () => {
    expect(() => renewTables("<!-- arguments: nothing -->\n")).to.throw("no table of arguments named nothing");
    expect(() => renewTypes("")).to.throw("ConsulSnapshotArgs");
    expect(() => renewOutputInterfaces("")).to.throw("ConsulServer");
    expect(() => renewClass("", "ConsulSnapshot", {})).to.throw("ConsulSnapshot");
  });
});
