/**
 * `collections.cjs ADDRESS TARGET RECIPIENT`: saves twice with the code in dist/, as a process does that runs for long, and
 * prints how many partial and full collections of the main thread the second save had.
 */
"use strict";
const { PerformanceObserver, constants } = require("node:perf_hooks");
const { resolve } = require("node:path");
const { setImmediate: nextTurn } = require("node:timers/promises");

const room = (path) => require(resolve(__dirname, "../../../dist/provider", path));
const { collector } = room("collector.js");
const { resolveConnection } = room("consul/connection.js");
const { save } = room("save/save.js");
const { parseLocation } = room("store/location.js");

const [address, target, recipient] = process.argv.slice(2);
const counts = { [constants.NODE_PERFORMANCE_GC_MINOR]: 0, [constants.NODE_PERFORMANCE_GC_MAJOR]: 0 };
const observer = new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind in counts) counts[detail.kind]++;
});

async function saveOnce() {
  const request = {
    connection: resolveConnection({ address }, { config: () => undefined, env: {} }),
    consistency: "consistent",
    target: parseLocation(target),
    overwrite: true,
    purpose: "backup",
    recipients: [recipient],
    owner: { organization: "organization", project: "tests", stack: "dev", name: "collections" },
  };
  const silent = () => undefined;
  await save(request, { signal: new AbortController().signal, status: silent, info: silent, warn: silent });
}

async function main() {
  await saveOnce();
  // The first full collection is what sets V8's limit to the size of the heap that is in use.
  collector()("major");
  await nextTurn();
  observer.observe({ entryTypes: ["gc"] });
  await saveOnce();
  await nextTurn();
  const { NODE_PERFORMANCE_GC_MINOR: minor, NODE_PERFORMANCE_GC_MAJOR: major } = constants;
  console.log(JSON.stringify({ partial: counts[minor], full: counts[major] }));
}

void main();
