/**
 * The process whose memory is measured: `saver.cjs ADDRESS TARGET…` saves to all targets at once, with the code that is
 * installed. `saver.cjs ADDRESS --load TARGET` only opens the target's store.
 */
"use strict";
const { join } = require("node:path");

const dist = process.env.BENCH_DIST ?? join(__dirname, "..", "dist");
const { resolveConnection } = require(join(dist, "provider/consul/connection.js"));
const { save } = require(join(dist, "provider/save/save.js"));
const { openStore } = require(join(dist, "provider/store/backends.js"));
const { parseLocation } = require(join(dist, "provider/store/location.js"));

const [address, ...targets] = process.argv.slice(2);

async function main() {
  if (targets[0] === "--load") {
    (await openStore(parseLocation(targets[1]))).close();
    return;
  }
  const connection = resolveConnection({ address }, { config: () => undefined, env: {} });
  const reporter = {
    signal: new AbortController().signal,
    status: () => undefined,
    info: () => undefined,
    warn: () => undefined,
  };
  const saveTo = (target) =>
    save(
      {
        connection,
        consistency: "consistent",
        target: parseLocation(target),
        overwrite: false,
        purpose: "backup",
        owner: { organization: "organization", project: "bench", stack: "dev", name: "backup" },
      },
      reporter,
    );
  await Promise.all(targets.map(saveTo));
}

void main();
