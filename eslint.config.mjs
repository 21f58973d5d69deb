// Lint rules: strict types, and the import arrows between rooms. An arrow that is not listed here does not exist.
import tseslint from "typescript-eslint";

/** Forbids a room from importing others; each ban carries its reason. */
function room(files, bans) {
  return {
    files,
    rules: {
      "no-restricted-imports": ["error", { patterns: bans.map(([regex, message]) => ({ regex, message })) }],
    },
  };
}

const pulumi = ["^@pulumi/", "Only sdk/ and provider/hosts/ know Pulumi: a lifecycle must run in any host."];
const upward = (names) => [
  `^\\.\\.(/\\.\\.)*/(${names.join("|")})(/|$)`,
  "Data flows one way: sdk, hosts → lifecycles → transfer → consul, archive, store, retention.",
];
const hosts = ["hosts", "sdk", "cli", "runtime"];
const lifecycles = ["snapshot", "restore", "lifecycle"];

/** The four rooms at the bottom: none knows another, and none knows what is above. */
function bottom(name) {
  const others = ["consul", "archive", "store", "retention"].filter((other) => other !== name);
  return room([`provider/${name}/**/*.ts`], [pulumi, upward([...hosts, ...lifecycles, "transfer", ...others])]);
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
  room(["provider/transfer/**/*.ts"], [pulumi, upward([...hosts, ...lifecycles])]),
  room(["provider/snapshot/**/*.ts", "provider/restore/**/*.ts"], [pulumi, upward(hosts)]),
  room(["cli/**/*.ts"], [pulumi, upward(["hosts", "sdk", "snapshot", "restore"])]),
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
