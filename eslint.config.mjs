// Lint rules: strict types, and the import arrows between rooms. An arrow that is not listed here does not exist.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import tseslint from "typescript-eslint";
import { noForgedText, noRawWrites, RAW_WRITERS } from "./tools/lint/cleanText.mjs";
import { arrows, noCycle } from "./tools/lint/rooms.mjs";

const root = import.meta.dirname;

/** What every room may import: it knows nothing of Consul, archives or stores. */
const leaves = [
  "abort",
  "certificateRefusal",
  "collector",
  "compact",
  "decodings",
  "duration",
  "endingSignals",
  "errorData",
  "errors",
  "events",
  "fields",
  "isObject",
  "json",
  "optionFlag",
  "owner",
  "packageFile",
  "pem",
  "program",
  "progressInterval",
  "proxyUrl",
  "rateWindow",
  "reporter",
  "shellWord",
  "singleExecutable",
  "returnedMemory",
  "secretParts",
  "secrets",
  "serverId",
  "specifiedFile",
  "suggestion",
  "systemCode",
  "text",
  "tracedBytes",
  "units",
  "unsuitableFile",
].map((name) => `provider/${name}.ts`);
/** What makes sentences of events is for front ends; work only reports them. */
const wording = "provider/progressWording.ts";
/** The argument tables, how their kinds are checked and read, and how front ends call arguments. */
const vocabulary = ["provider/args/tables/", "provider/args/kinds.ts", "provider/args/vocabulary.ts"];
/** The four rooms at the bottom. */
const bottom = ["provider/archive/", "provider/age/", "provider/consul/", "provider/store/"];
const contract = ["provider/lifecycle.ts", "provider/values.ts"];
const work = [
  "provider/catalog/",
  "provider/contents/",
  "provider/retention/",
  "provider/save/",
  "provider/restore/",
  "provider/args/",
];
const oneWay =
  "Data flows one way: sdk, hosts → resources → save, restore → catalog, retention → archive, age, consul, store.";

/** Folders of cli/ that every command shares; each other one is the work of a command. */
const sharedByCommands = ["commands", "consulOutput", "description", "differences", "options", "terminal"];
const workOfCommands = readdirSync(join(root, "cli"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !sharedByCommands.includes(entry.name))
  .map((entry) => entry.name);

/** @type {readonly import("./tools/lint/rooms.mjs").Room[]} */
const cliRooms = [
  {
    path: "cli/description/",
    imports: [...leaves, "cli/terminal/output.ts"],
    why: "A description is data, and what reads it knows no command.",
  },
  {
    path: "cli/options/",
    imports: [...leaves, ...vocabulary, "provider/args/", "cli/description/option.ts", "cli/description/usageError.ts"],
    why: "Options are data: each is made of a row of the argument tables.",
  },
  { path: "cli/terminal/", imports: [...leaves, wording], why: "A terminal knows nothing of archives and clusters." },
  {
    path: "cli/consulOutput/",
    imports: [...leaves, "provider/archive/"],
    why: "What Consul prints, byte for byte, is made of an archive and nothing else.",
  },
  {
    path: "cli/differences/",
    imports: [...leaves, "provider/contents/", "cli/terminal/"],
    why: "What prints differences does not find them.",
  },
  ...workOfCommands.map((name) => ({
    path: `cli/${name}/`,
    imports: [
      ...leaves,
      ...bottom,
      ...work,
      "cli/source/",
      "cli/consulOutput/",
      "cli/differences/",
      "cli/description/",
      "cli/options/",
      "cli/terminal/",
    ],
    why: "The work of a command knows neither other commands nor how it was called.",
  })),
  {
    path: "cli/commands/agent.ts",
    imports: ["cli/description/", "agent/", "provider/text.ts"],
    why: "The agent reads its own flags, from its own table.",
  },
  {
    path: "cli/",
    imports: [...leaves, ...bottom, ...work, wording],
    why: "A front end translates: it holds no rule about backups, and knows no host.",
  },
];

/** @type {readonly import("./tools/lint/rooms.mjs").Room[]} */
const rooms = [
  {
    path: "provider/store/placeholders.ts",
    imports: [],
    packages: [],
    why: "The tables of arguments list the placeholders: they are plain data.",
  },
  ...bottom.map((path) => ({
    path,
    imports: path === "provider/consul/" || path === "provider/age/" ? [...leaves, ...vocabulary] : leaves,
    why: "The four rooms at the bottom know nothing of each other.",
  })),
  {
    path: "provider/args/tables/",
    imports: ["provider/store/placeholders.ts"],
    packages: [],
    why: "The tables of arguments are plain data.",
  },
  {
    path: "provider/args/kinds.ts",
    imports: [...leaves, ...vocabulary, "provider/args/time.ts"],
    packages: [],
    why: "A kind of argument is checked and read without any room that does work.",
  },
  {
    path: "provider/retention/policy.ts",
    imports: [],
    packages: [],
    why: "Retention is a pure function: it imports nothing.",
  },
  {
    path: "provider/lifecycle.ts",
    imports: ["provider/events.ts", "provider/owner.ts", "provider/text.ts"],
    packages: [],
    why: "A contract imports only types.",
  },
  { path: wording, imports: leaves, why: "Sentences are made of events and nothing else." },
  { path: "provider/values.ts", imports: contract, why: "Plain values belong to the contract." },
  {
    path: "provider/runtime.ts",
    imports: ["provider/hosts/dynamic/"],
    packages: [],
    why: "State names it forever: it only calls the host.",
  },
  ...leaves.map((path) => ({ path, imports: leaves, why: "A leaf imports other leaves at most." })),
  {
    path: "provider/args/",
    imports: [...leaves, "provider/age/", "provider/retention/policy.ts"],
    why: "Arguments are the user's vocabulary: no room that does work is needed to read them.",
  },
  {
    path: "provider/catalog/",
    imports: [...leaves, "provider/archive/", "provider/age/", "provider/store/"],
    why: "The catalog is about what lies at a place.",
  },
  {
    path: "provider/contents/",
    imports: [...leaves, "provider/archive/", "provider/age/", "provider/catalog/", "provider/store/"],
    why: "What can be read out of an archive knows no cluster.",
  },
  { path: "provider/retention/", imports: [...leaves, "provider/catalog/", "provider/store/"], why: oneWay },
  { path: "provider/save/", imports: [...leaves, ...bottom, "provider/catalog/", "provider/retention/"], why: oneWay },
  {
    path: "provider/restore/",
    imports: [...leaves, ...bottom, "provider/args/vocabulary.ts", "provider/catalog/", "provider/save/"],
    why: oneWay,
  },
  ...["snapshot", "restore"].map((name) => ({
    path: `provider/resources/${name}/`,
    imports: [
      ...leaves,
      ...bottom,
      ...contract,
      ...work,
      "provider/resources/commonArgs.ts",
      "provider/resources/recordedArgs.ts",
    ],
    why: "A resource knows neither Pulumi nor the other resource: what both need is beside them.",
  })),
  {
    path: "provider/resources/",
    imports: [...leaves, ...contract, "provider/args/", "provider/consul/"],
    why: "What both resources share is about arguments and connections.",
  },
  {
    path: "provider/functions/",
    imports: [
      ...leaves,
      ...bottom,
      ...contract,
      ...work,
      "provider/resources/commonArgs.ts",
      ...["snapshot/args", "snapshot/outputs", "restore/args"].map((name) => `provider/resources/${name}.ts`),
    ],
    why: "A function knows neither Pulumi nor the life of a resource: it has the same arguments and outputs.",
  },
  ...["shutdown", "messages"].map((name) => ({
    path: `provider/hosts/${name}.ts`,
    imports: [...leaves, wording],
    packages: ["node:"],
    why: "What hosts share knows neither Pulumi nor resources.",
  })),
  {
    path: "provider/hosts/values.ts",
    imports: contract,
    packages: [],
    why: "Values are turned into those of the contract, and back.",
  },
  ...["dynamic", "hook", "plugin"].map((name) => ({
    path: `provider/hosts/${name}/`,
    imports: [
      ...leaves,
      ...contract,
      wording,
      "provider/resources/",
      "provider/hosts/shutdown.ts",
      "provider/hosts/messages.ts",
      ...(name === "hook" ? [] : ["provider/hosts/values.ts"]),
      ...(name === "plugin" ? [...vocabulary, "provider/functions/"] : []),
    ],
    packages: ["@pulumi/", "@grpc/", "google-protobuf", "node:"],
    why: "A host knows Pulumi and the lifecycles, not what they do.",
  })),
  {
    path: "agent/schedule.ts",
    imports: [],
    packages: ["croner"],
    why: "When a snapshot is due follows from times alone.",
  },
  {
    path: "agent/config/",
    imports: [
      ...leaves,
      ...vocabulary,
      "provider/args/",
      "provider/consul/connection.ts",
      "provider/retention/policy.ts",
      "provider/store/",
      "agent/schedule.ts",
    ],
    why: "A configuration is read and checked without anything that works.",
  },
  {
    path: "agent/",
    imports: [...leaves, ...bottom, ...work, wording],
    why: "A front end translates: it holds no rule about backups, and knows no host.",
  },
  ...cliRooms,
];

/** Tests of one suite may not lean on those of another. */
const suites = ["agent", "archive", "consul", "contract", "docs", "encryption", "engine", "package", "unit"].map(
  (name) => ({
    path: `tests/${name}/`,
    imports: [
      "tests/support/",
      "tests/fixtures/",
      "provider/",
      "agent/",
      "cli/",
      "sdk/",
      "tools/",
      "bench/",
      "package.json",
      "package-lock.json",
    ],
    packages: ["node:", "@pulumi/", ""],
    why: "A suite imports only support/, fixtures/ and what it tests.",
  }),
);

/** One list: the last block that matches a file replaces the options of the others. */
const restrictedSyntax = [
  {
    selector:
      "CallExpression[callee.property.name=/^(push|unshift|splice|max|min|fromCharCode|fromCodePoint)$/] > SpreadElement",
    message: "Arguments go through the stack, which some 100,000 of them overflow: use a loop or reduce.",
  },
  {
    selector: "BinaryExpression[operator='in'][left.type!='Literal'][left.type!='PrivateIdentifier']",
    message: "`in` also finds what every object inherits, such as constructor: use Object.hasOwn or a Map.",
  },
  ...["VariableDeclarator", "AssignmentExpression", "PropertyDefinition"].map((kept) => ({
    selector: `${kept} CallExpression[callee.object.name='Date'][callee.property.name='now']`,
    message: "Durations are measured with performance.now(): the wall clock can step.",
  })),
];

const plugin = { rules: { arrows: arrows(root, [...rooms, ...suites]), "no-cycle": noCycle(root) } };

export default tseslint.config(
  { ignores: ["dist/", ".tools/", ".bench/", "node_modules/", "**/*.js", "**/*.cjs", "**/*.mjs", "examples/"] },
  ...tseslint.configs.strictTypeChecked,
  {
    plugins: { rooms: plugin },
    languageOptions: { parserOptions: { project: "tests/tsconfig.json", tsconfigRootDir: root } },
    rules: {
      "rooms/arrows": "error",
      "rooms/no-cycle": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ["sdk/**/*.ts"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            { regex: "provider/", message: "sdk/ is loaded by every program: types only.", allowTypeImports: true },
            { regex: "^(?!@pulumi/|\\.)", message: "sdk/ does no I/O and imports nothing heavy." },
          ],
        },
      ],
    },
  },
  {
    files: ["tests/**/*.ts", "bench/**/*.ts"],
    rules: { "@typescript-eslint/no-unused-expressions": "off", "@typescript-eslint/no-non-null-assertion": "off" },
  },
  {
    files: ["provider/**/*.ts", "cli/**/*.ts", "agent/**/*.ts"],
    rules: { "no-restricted-syntax": ["error", ...restrictedSyntax, ...noForgedText, ...noRawWrites] },
  },
  { files: RAW_WRITERS, rules: { "no-restricted-syntax": ["error", ...restrictedSyntax, ...noForgedText] } },
  { files: ["provider/text.ts"], rules: { "no-restricted-syntax": ["error", ...restrictedSyntax] } },
  // A table of fixtures is as long as there are traps.
  { files: ["tests/fixtures/**/*.ts"], rules: { "max-lines": "off" } },
);
