import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect } from "chai";
import { Linter, type Rule } from "eslint";
import tseslint from "typescript-eslint";
import { temporaryFolder } from "../../support/programs/saving";

interface Room {
  readonly path: string;
  readonly imports: readonly string[];
  readonly packages?: readonly string[];
  readonly why: string;
}
interface Rules {
  arrows(root: string, rooms: readonly Room[]): Rule.RuleModule;
  noCycle(root: string): Rule.RuleModule;
}
type Config = Linter.Config[];

const ROOMS: readonly Room[] = [
  { path: "low/alone.ts", imports: [], packages: [], why: "It is pure." },
  { path: "low/", imports: ["leaf.ts"], why: "Low knows no high." },
  { path: "high/", imports: ["low/", "leaf.ts"], packages: ["node:"], why: "High is a host." },
];

/** Paths in a project, and what they contain. */
const FILES: Readonly<Record<string, string>> = {
  "leaf.ts": "",
  "low/one.ts": "",
  "low/alone.ts": "",
  "lower/two.ts": "",
  "high/index.ts": "",
  "circle/a.ts": 'import { b } from "./b";',
  "circle/b.ts": 'export { c as b } from "./c";\nexport * from "./d";',
  "circle/c.ts": 'import type { A } from "./a";\nexport const c = 1;',
  "circle/d.ts": 'import { c } from "./c";',
  "circle/self.ts": 'import { me } from "./self";',
  "later/caller.ts": 'export const load = () => import("./loaded.js");',
  "later/loaded.ts": 'import { load } from "./caller.js";',
};

describe("the lint rules of this project", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let rules: Rules;
  before(async () => {
    folder = await temporaryFolder();
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(folder.path, path)), { recursive: true });
      writeFileSync(join(folder.path, path), text);
    }
    rules = (await import(resolve("tools/lint/rooms.mjs"))) as Rules;
  });
  after(() => folder.remove());

  /** What a rule says about a file of the project. */
  function lint(rule: Rule.RuleModule, file: string, source: string): string[] {
    const linter = new Linter({ cwd: folder.path, configType: "flat" });
    const config: Config = [
      {
        files: ["**/*.ts"],
        plugins: { ours: { rules: { rule } } },
        languageOptions: { parser: tseslint.parser },
        rules: { "ours/rule": "error" },
      },
    ];
    return linter.verify(source, config, { filename: join(folder.path, file) }).map(({ message }) => message);
  }

  const HIGH_FROM_LOW = "low/ may not import high/index.ts. Low knows no high.";
  for (const [name, file, source, ...said] of [
    ["against an arrow", "low/one.ts", 'import { x } from "../high/index";', HIGH_FROM_LOW],
    ["of a folder's index", "low/one.ts", 'import { x } from "../high";', HIGH_FROM_LOW],
    ["with the extension of what is compiled", "low/one.ts", 'import "../high/index.js";', HIGH_FROM_LOW],
    ["of types alone", "low/one.ts", 'import type { X } from "../high/index";', HIGH_FROM_LOW],
    ["that is dynamic", "low/one.ts", 'void import("../high/index.js");', HIGH_FROM_LOW],
    ["that is exported again", "low/one.ts", 'export { x } from "../high/index";', HIGH_FROM_LOW],
    ["all of which is exported again", "low/one.ts", 'export * from "../high/index";', HIGH_FROM_LOW],
    [
      "of a package of Pulumi",
      "low/one.ts",
      'import "@pulumi/pulumi";',
      "low/ may not import @pulumi/pulumi. Low knows no high.",
    ],
    [
      "of a package that a room does not list",
      "high/index.ts",
      'import "undici";',
      "high/ may not import undici. High is a host.",
    ],
    [
      "into a file with a row of its own",
      "low/alone.ts",
      'import "./one";',
      "low/alone.ts may not import low/one.ts. It is pure.",
    ],
    [
      "of any package into such a file",
      "low/alone.ts",
      'import "node:fs";',
      "low/alone.ts may not import node:fs. It is pure.",
    ],
    [
      "of a folder whose name begins the same",
      "high/index.ts",
      'import "../lower/two";',
      "high/ may not import lower/two.ts. High is a host.",
    ],
  ] as const) {
    it(`refuse an import ${name}`, () => {
      expect(lint(rules.arrows(folder.path, ROOMS), file, source)).to.deep.equal(said);
    });
  }

  for (const [name, file, source] of [
    ["along an arrow", "high/index.ts", 'import { x } from "../low/one";\nexport * from "../leaf.js";'],
    ["in the same room", "low/one.ts", 'import { x } from "./alone";'],
    ["of a package that a room lists", "high/index.ts", 'import "node:fs";'],
    ["of any package but Pulumi's where none is listed", "low/one.ts", 'import "node:fs";\nimport "undici";'],
    ["of what is known only when it runs", "low/one.ts", "export const load = (path: string) => import(path);"],
    ["from outside of all rooms", "lower/two.ts", 'import "../high/index";\nimport "@pulumi/pulumi";'],
  ] as const) {
    it(`allow an import ${name}`, () => {
      expect(lint(rules.arrows(folder.path, ROOMS), file, source)).to.deep.equal([]);
    });
  }

  const CIRCLE = "These files import each other: circle/a.ts → circle/b.ts → circle/c.ts → circle/a.ts.";
  for (const [file, ...said] of [
    ["circle/a.ts", CIRCLE],
    // By its second line the way back is longer.
    [
      "circle/b.ts",
      "These files import each other: circle/b.ts → circle/c.ts → circle/a.ts → circle/b.ts.",
      "These files import each other: circle/b.ts → circle/d.ts → circle/c.ts → circle/a.ts → circle/b.ts.",
    ],
    // Types count.
    ["circle/c.ts", "These files import each other: circle/c.ts → circle/a.ts → circle/b.ts → circle/c.ts."],
    ["circle/self.ts", "These files import each other: circle/self.ts → circle/self.ts."],
    // What is loaded when it is called begins no circle, seen from either file.
    ["later/caller.ts"],
    ["later/loaded.ts"],
    ["high/index.ts"],
  ] as const) {
    it(`find ${said.length === 0 ? "no circle" : "each circle"} in ${file}`, () => {
      expect(lint(rules.noCycle(folder.path), file, FILES[file] ?? "")).to.deep.equal(said);
    });
  }

  describe("as they are configured", () => {
    let config: Config;
    before(async () => {
      const path = resolve("eslint.config.mjs");
      config = ((await import(path)) as { default: Config }).default;
    });

    /** The rules that stop a source that would be in this file, without those that need types. */
    function stoppedBy(file: string, source: string): (string | null)[] {
      const untyped = [...config, tseslint.configs.disableTypeChecked as Linter.Config];
      const linter = new Linter({ cwd: resolve("."), configType: "flat" });
      return linter.verify(source, untyped, { filename: resolve(file) }).map(({ ruleId }) => ruleId);
    }

    const STACK = "no-restricted-syntax";
    for (const [name, file, source, ...said] of [
      ["a store that imports Consul", "provider/store/new.ts", 'import "../consul/client";', "rooms/arrows"],
      ["a leaf that imports a room", "provider/units.ts", 'import "./retention/policy";', "rooms/arrows"],
      ["a policy that imports a leaf", "provider/retention/policy.ts", 'import "../errors";', "rooms/arrows"],
      [
        "a resource that imports the other",
        "provider/resources/restore/new.ts",
        'import "../snapshot/args";',
        "rooms/arrows",
      ],
      ["a command that imports another", "cli/list/new.ts", 'import "../prune/prune";', "rooms/arrows"],
      ["a command that imports a host", "cli/list/new.ts", 'import "../../provider/hosts/values";', "rooms/arrows"],
      ["an agent that imports Pulumi", "agent/new.ts", 'import "@pulumi/pulumi";', "rooms/arrows"],
      ["a test that imports another suite", "tests/unit/new.test.ts", 'import "../docs/page";', "rooms/arrows"],
      [
        "a save that imports what it uses",
        "provider/save/new.ts",
        'import "../consul/client";\nimport "../store/store";',
      ],
      [
        "a test that imports what it tests",
        "tests/unit/new.test.ts",
        'import "../../provider/errors";\nimport "../support/effort";',
      ],
      [
        "a program's class that loads the provider",
        "sdk/new.ts",
        'import { a } from "../provider/errors";\nvoid a;',
        "@typescript-eslint/no-restricted-imports",
      ],
      [
        "a program's class with the provider's types",
        "sdk/new.ts",
        'import type { A } from "../provider/errors";\nexport type B = A;',
      ],
      [
        "an array on the stack",
        "provider/save/new.ts",
        "export const add = (a: number[], b: number[]) => a.push(...b);",
        STACK,
      ],
      [
        "in, which finds what is inherited",
        "agent/new.ts",
        "export const has = (a: string, b: object) => a in b;",
        STACK,
      ],
      ["in, of a fixed name", "agent/new.ts", 'export const has = (b: object) => "a" in b;'],
      ["a duration by the wall clock", "cli/list/new.ts", "export const started = Date.now();", STACK],
    ] as const) {
      it(`${said.length === 0 ? "allow" : "stop"} ${name}`, () => {
        expect(stoppedBy(file, source)).to.deep.equal(said);
      });
    }
  });
});
