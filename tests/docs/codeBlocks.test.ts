import { readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { expect } from "chai";
import * as ts from "typescript";
import { parse } from "yaml";
import { type CodeBlock, codeBlocksOf, listPages } from "./markdown";

const PRELUDE = resolve("tests/docs/prelude.ts");
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts"],
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: ["node", "mocha"],
  paths: { "pulumi-consul-snapshot": [resolve("sdk/index.ts")] },
};

const PARSERS: Readonly<Record<string, (code: string) => unknown>> = {
  yaml: (code) => parse(code) as unknown,
  json: (code) => JSON.parse(code) as unknown,
};

/** Tests of the engine run them without a check of types, for the time that it takes. */
const EXAMPLES = readdirSync("examples", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => join("examples", path))
  .sort();

interface PlacedBlock extends CodeBlock {
  readonly page: string;
}

describe("code of the documentation", function () {
  this.timeout(120_000);
  const blocks = listPages().flatMap((page) => codeBlocksOf(page).map((block) => ({ page, ...block })));

  it("is TypeScript that compiles, in each block that says so and in each example", () => {
    const written = blocks.filter(({ language }) => language === "ts");
    const wrong = { page: "wrong.md", line: 7, language: "ts", code: 'new ConsulSnapshot("backup", { targt: "./" });' };
    expect(EXAMPLES).to.not.be.empty;
    const errors = typeErrors([...written, wrong], EXAMPLES);
    expect(errors.pop(), "a block with an error").to.match(/^wrong\.md:7: .*targt/);
    expect(errors).to.deep.equal([]);
  });

  for (const [language, read] of Object.entries(PARSERS)) {
    it(`is ${language} that can be parsed`, () => {
      const written = blocks.filter((block) => block.language === language);
      expect(written).to.not.be.empty;
      for (const { page, line, code } of written) {
        expect(() => read(code), `${page}:${line}`).to.not.throw();
      }
    });
  }
});

/** What the compiler says of files, and of blocks, each a module of its own in the repository's root. */
function typeErrors(blocks: readonly PlacedBlock[], files: readonly string[]): string[] {
  const sources = new Map(blocks.map((block, index) => [resolve(`${basename(block.page, ".md")}-${index}.ts`), block]));
  const disk = ts.createCompilerHost(OPTIONS);
  const codeOf = (file: string): string | undefined => {
    const block = sources.get(resolve(file));
    return block && `${block.code}\nexport {};`;
  };
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (file) => sources.has(resolve(file)) || disk.fileExists(file),
    readFile: (file) => codeOf(file) ?? disk.readFile(file),
    getSourceFile: (file, options, ...rest) => {
      const code = codeOf(file);
      return code === undefined ? disk.getSourceFile(file, options, ...rest) : ts.createSourceFile(file, code, options);
    },
  };
  const program = ts.createProgram([PRELUDE, ...files, ...sources.keys()], OPTIONS, host);
  const errorsIn = (file: string, page: string, firstLine: number): string[] => {
    const source = program.getSourceFile(file);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ start, messageText }) => {
      const line = firstLine + (source?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0);
      return `${page}:${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
  };
  return [
    ...files.flatMap((file) => errorsIn(file, file, 1)),
    ...[...sources].flatMap(([file, { page, line }]) => errorsIn(file, page, line)),
  ];
}
