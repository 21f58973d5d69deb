// Lint rules: strict types, and the import arrows between rooms. An arrow that is not listed here does not exist.
import tseslint from "typescript-eslint";

/** Forbids a room from importing others, at its top or when a function needs them; each ban carries its reason. */
function room(files, bans) {
  const dynamic = bans.map(([regex, message]) => ({
    selector: `ImportExpression[source.value=/${regex.replaceAll("/", "\\/")}/]`,
    message,
  }));
  return {
    files,
    rules: {
      "no-restricted-imports": ["error", { patterns: bans.map(([regex, message]) => ({ regex, message })) }],
      "no-restricted-syntax": ["error", ...dynamic],
    },
  };
}

const pulumi = ["^@pulumi/", "Only sdk/ and provider/hosts/ know Pulumi: a lifecycle must run in any host."];
/** Rooms by their names, imported from a room of provider/ or from beside it. */
const others = (names, message) => [`^\\.\\.(/\\.\\.)*/(provider/)?(${names.join("|")})(/|$)`, message];
const upward = (names) =>
  others(names, "Data flows one way: sdk, hosts → lifecycles → transfer → consul, archive, store, retention.");
const programs = ["sdk", "cli", "runtime"];
const hosts = ["hosts", ...programs];
/** The contract, and what only those who keep it have in common. */
const contract = ["lifecycle", "commonArgs", "recorded", "values"];
const lifecycles = ["snapshot", "restore", ...contract];
const bottoms = ["consul", "archive", "store", "retention"];

/** The four rooms at the bottom: none knows another, and none knows what is above. */
function bottom(name) {
  const strangers = bottoms.filter((other) => other !== name);
  return room([`provider/${name}/**/*.ts`], [pulumi, upward([...hosts, ...lifecycles, "transfer", ...strangers])]);
}

/** Two resources: neither knows the other. */
function lifecycle(name, other) {
  const apart = others([other], "A resource knows nothing of the other: what both need is in commonArgs or values.");
  return room([`provider/${name}/**/*.ts`], [pulumi, upward(hosts), apart]);
}

export default tseslint.config(
  { ignores: ["dist/", ".tools/", ".bench/", "node_modules/", "**/*.js", "**/*.cjs", "**/*.mjs", "examples/"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: "tests/tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  bottom("consul"),
  bottom("archive"),
  bottom("store"),
  room(["provider/retention/**/*.ts"], [["^", "Retention is a pure function: it imports nothing."]]),
  room(["provider/errors.ts", "provider/lifecycle.ts"], [["^", "A contract imports nothing."]]),
  room(["provider/absent.ts", "provider/nearest.ts", "provider/time.ts"], [["^", "A leaf imports nothing."]]),
  room(["provider/duration.ts"], [["^(?!\\./errors$)", "A leaf imports errors at most."]]),
  room(
    ["provider/values.ts"],
    [["^(?!\\./(absent|lifecycle)$)", "Plain values are the contract's, and nobody else's."]],
  ),
  room(
    ["provider/commonArgs.ts", "provider/recorded.ts"],
    [
      pulumi,
      [
        "^\\./(hosts|snapshot|restore|transfer|archive|store|retention|runtime)(/|$)",
        "It is about names and connections.",
      ],
    ],
  ),
  room(["provider/runtime.ts"], [["^(?!\\./hosts/)", "State names it for ever: it only hands on to the host."]]),
  room(
    ["provider/hosts/**/*.ts"],
    [others([...programs, "transfer", ...bottoms], "A host knows Pulumi and the lifecycles, not what they do.")],
  ),
  room(["provider/transfer/**/*.ts"], [pulumi, upward([...hosts, ...lifecycles])]),
  lifecycle("snapshot", "restore"),
  lifecycle("restore", "snapshot"),
  room(["cli/**/*.ts"], [pulumi, upward(["hosts", "sdk", "runtime", ...lifecycles])]),
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
  // A table of fixtures is as long as there are traps.
  { files: ["tests/fixtures/**/*.ts"], rules: { "max-lines": "off" } },
);
