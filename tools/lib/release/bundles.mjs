// What a single executable contains of this package: each program as one file, and the texts that it reads or loads
// lazily, by the names that provider/singleExecutable.ts and its users ask for.
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../paths.mjs";

/** The programs, by the name of the executable, with what they are compiled to. */
export const PROGRAMS = {
  "pulumi-resource-consul-snapshot": "dist/provider/hosts/plugin/main.js",
  "consul-snapshot": "dist/cli/main.js",
};
const WORKER = "dist/provider/archive/thread/readerWorker.js";
const FILES = ["package.json", "schema.json"];

/** @typedef {{ code: string, packages: readonly string[] }} Bundle `packages` are the folders of what it contains */

/**
 * @typedef {{ program: string, texts: Readonly<Record<string, string>>, packages: readonly string[] }} Contents of an
 *   executable: its program, the embedded texts by name, and the folders of the packages that it is made of
 */

/**
 * Bundles a program and all that it may load.
 * @param {keyof typeof PROGRAMS} name
 * @returns {Promise<Contents>}
 */
export async function bundleContents(name) {
  const program = await bundleFile(PROGRAMS[name]);
  const bundles = /** @type {Record<string, Bundle>} */ ({ "readerWorker.js": await bundleFile(WORKER) });
  for (const [text, libraries] of Object.entries(listLibraries())) bundles[text] = await bundleLibraries(libraries);
  const texts = Object.entries(bundles).map(([text, { code }]) => [text, code]);
  const files = FILES.map((file) => [file, readFileSync(join(root, file), "utf8")]);
  return {
    program: program.code,
    texts: Object.fromEntries([...texts, ...files]),
    packages: [...new Set([program, ...Object.values(bundles)].flatMap(({ packages }) => packages))].sort(),
  };
}

/**
 * The clouds' libraries of each embedded text: the names that provider/store/cloudSdks.ts loads, and the paths of the
 * same copies as it finds them in an installed package.
 * @returns {Record<string, Record<string, string>>}
 */
function listLibraries() {
  const find = (/** @type {string} */ from, /** @type {string} */ name) => createRequire(from).resolve(name);
  const here = import.meta.filename;
  const [s3, gcs] = [find(here, "@aws-sdk/client-s3"), find(here, "@google-cloud/storage")];
  const providers = find(s3, "@aws-sdk/credential-provider-node");
  return {
    "s3.js": {
      "@aws-sdk/client-s3": s3,
      "@aws-sdk/credential-provider-node": providers,
      "@aws-sdk/nested-clients/sts": find(
        find(providers, "@aws-sdk/credential-provider-web-identity"),
        "@aws-sdk/nested-clients/sts",
      ),
    },
    "gcs.js": { "@google-cloud/storage": gcs, "google-auth-library": find(gcs, "google-auth-library") },
    "azure.js": {
      "@azure/identity": find(here, "@azure/identity"),
      "@azure/storage-blob": find(here, "@azure/storage-blob"),
    },
  };
}

/** @param {string} entry */
function bundleFile(entry) {
  return bundle({ entryPoints: [join(root, entry)] });
}

/**
 * One module that exports libraries by name, each of which runs when it is first used.
 * @param {Record<string, string>} libraries
 */
function bundleLibraries(libraries) {
  const getters = Object.entries(libraries).map(
    ([name, path]) => `get ${JSON.stringify(name)}() { return require(${JSON.stringify(path)}); }`,
  );
  return bundle({ stdin: { contents: `module.exports = { ${getters.join(", ")} };`, resolveDir: root } });
}

/**
 * @param {import("esbuild").BuildOptions} entry
 * @returns {Promise<Bundle>}
 */
async function bundle(entry) {
  const { outputFiles, metafile } = await build({
    ...entry,
    bundle: true,
    write: false,
    metafile: true,
    absWorkingDir: root,
    platform: "node",
    target: "node22",
    format: "cjs",
    // Classes keep their names: libraries look at them.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    // A bundle of a single executable has no `import.meta`, and cannot import a module by `import()`.
    define: { "import.meta.url": "moduleUrl" },
    banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
    supported: { "dynamic-import": false },
    logLevel: "error",
  });
  const [output] = outputFiles ?? [];
  if (output === undefined || metafile === undefined) throw new Error("esbuild made nothing");
  return {
    code: output.text.replace(/^#!.*\n/, ""),
    packages: [...new Set(Object.keys(metafile.inputs).flatMap(packageFolder))],
  };
}

/**
 * The folder of the package that a bundled file belongs to, none for a file of this project.
 * @param {string} file
 */
function packageFolder(file) {
  const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
  return folder !== undefined && existsSync(join(root, folder, "package.json")) ? [folder] : [];
}
