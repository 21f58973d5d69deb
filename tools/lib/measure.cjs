// Runs one measurement: the module's `run()`, whose Markdown section goes into the named file.
// Usage: node --import tsx measure.cjs <bench/name.bench.ts> <file>
"use strict";
const { writeFileSync } = require("node:fs");

const [file = "", result = ""] = process.argv.slice(2);
/** @type {{ run(): Promise<string> }} */
const { run } = require(file);

run().then((section) => {
  if (!section.startsWith("## ")) throw new Error("a section begins with its heading: `## `");
  writeFileSync(result, section.trim());
});
