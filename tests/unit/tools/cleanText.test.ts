import { resolve } from "node:path";
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { Linter } from "eslint";
import tseslint from "typescript-eslint";

interface Rules {
  readonly noForgedText: readonly object[];
  readonly noRawWrites: readonly object[];
  readonly RAW_WRITERS: readonly string[];
}

const FORGED = "Only provider/text.ts makes clean text: use its functions and tags.";
const CALLED = "This is a template tag: the words of a call could come from outside.";
const RAW = "Text is written with write, which takes clean text.";
const SHOWN = "Text is shown by cli/terminal/output.ts and by the agent's log, which take clean text.";

describe("the lint rules for clean text", () => {
  let rules: Rules;
  before(async () => {
    rules = (await import(resolve("tools/lint/cleanText.mjs"))) as Rules;
  });

  function lint(source: string): string[] {
    const restricted = [...rules.noForgedText, ...rules.noRawWrites];
    const config: Linter.Config = {
      files: ["**/*.ts"],
      languageOptions: { parser: tseslint.parser },
      rules: { "no-restricted-syntax": ["error", ...restricted] },
    };
    const found = new Linter({ configType: "flat" }).verify(source, [config], { filename: "a.ts" });
    return found.map(({ message }) => message);
  }

  for (const [name, source, ...said] of [
    ["a cast", "const a = b as CleanText;", FORGED],
    ["a cast of several lines", "const a = b as CleanLines;", FORGED],
    ["a cast in brackets", "const a = <CleanText>b;", FORGED],
    ["a cast through unknown", "const a = b as unknown as CleanText;", FORGED],
    ["a cast of a list", "const a = b as readonly CleanText[];", FORGED],
    ["a cast of an object", "const a = b as { message: CleanText };", FORGED],
    ["a predicate", "function is(a: string): a is CleanText { return true; }", FORGED],
    ["a tag that is called", "composed(b);", CALLED],
    ["bytes that are not cleaned", "output.writeRaw(b);", RAW],
    ["the stream itself", "process.stdout.write(b);", SHOWN],
    ["the console", "console.error(b);", SHOWN],
    ["a type", "function f(a: CleanText): CleanLines { return a; }"],
    ["a tag", "composed`a ${b}`;"],
    ["another cast", "const a = b<CleanText>() as Map<string, number>;"],
  ] as const) {
    it(`${said.length === 0 ? "allow" : "forbid"} ${name}`, () => expect(lint(source)).to.deep.equal(said));
  }

  it("list the files that write what is not cleaned, and no others", () => {
    const files = ["cli", "provider", "agent"].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
    );
    const writers = files.filter((file) => {
      if (!file.endsWith(".ts")) return false;
      return /\.writeRaw\(|process\.std(out|err)\.write\(/.test(readFileSync(file, "utf8"));
    });
    expect(writers.sort()).to.deep.equal([...rules.RAW_WRITERS].sort());
  });
});
