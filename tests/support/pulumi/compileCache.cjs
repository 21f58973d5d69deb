// Keeps what V8 compiles of installed packages and of dist/, from one process of the tests to the next: Node does so itself
// from 22.1 on (module.enableCompileCache). A command of the engine starts two processes that load about 400 files each.
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { basename, dirname, join, resolve } = require("node:path");
const { deserialize, serialize } = require("node:v8");
const vm = require("node:vm");

const ROOT = resolve(__dirname, "../../..");
const CACHED = [join(ROOT, "node_modules/"), join(ROOT, "dist/")];
const main = process.argv[1] ?? "";
const file = join(ROOT, ".tools/compiled", `${basename(dirname(main))}-${basename(main)}-${process.version}`);

const FULL = 64 << 20;

const stored = read();
const compiled = new Map();

const compile = Module.prototype._compile;
Module.prototype._compile = function (content, filename) {
  // A script by itself cannot import a module. TypeScript's compiler has the word in texts only, and is the largest file.
  const isImporting = /\bimport\(/.test(content) && !filename.endsWith("/typescript.js");
  if (isImporting || content.startsWith("#!") || !CACHED.some((folder) => filename.startsWith(folder))) {
    return compile.call(this, content, filename);
  }
  // V8 itself compares only the length of a source.
  const key = createHash("sha1").update(filename).update("\0").update(content).digest("base64");
  const cachedData = stored.get(key);
  const script = new vm.Script(Module.wrap(content), { filename, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) compiled.set(key, script);
  const run = script.runInThisContext();
  return run.call(this.exports, this.exports, requireOf(this), this, filename, dirname(filename));
};

function requireOf(module) {
  const require = (id) => module.require(id);
  require.resolve = (request, options) => Module._resolveFilename(request, module, false, options);
  require.resolve.paths = (request) => Module._resolveLookupPaths(request, module);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  return require;
}

/** What files of earlier builds compiled to is kept with the rest; a full file is begun anew. */
function read() {
  try {
    const bytes = readFileSync(file);
    return bytes.length > FULL ? new Map() : new Map(deserialize(bytes));
  } catch {
    return new Map();
  }
}

/** What other processes keep meanwhile is lost, and is kept by the next one. */
function keep() {
  if (compiled.size === 0) return;
  const all = new Map([...read(), ...[...compiled].map(([key, script]) => [key, script.createCachedData()])]);
  compiled.clear();
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, serialize([...all]));
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // The next process compiles again.
  }
}

// A provider is ended by a signal.
setTimeout(keep, 1_000).unref();
process.once("exit", keep);
