/** A program of a user that runs under Pulumi's mocks, in a process of its own: mocks are global. */

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

/**
 * What the program prints, line by line.
 *
 * @param body - statements; `pulumi`, this package's exports as `sdk`, and `attempt` are there: `attempt(name, work)` prints
 *   the name with "works", or with the message of what `work` throws
 * @param mocks - the arguments after the mocks themselves. Default: none, as in Pulumi's guide
 */
export function runMocked(body: string, mocks: readonly unknown[] = []): string[] {
  const program = `
const pulumi = require("@pulumi/pulumi");
pulumi.runtime.setMocks(
  { newResource: ({ name, id, inputs }) => ({ id: id || name + "-id", state: inputs }), call: () => ({}) },
  ...${JSON.stringify(mocks)},
);
const sdk = require(${JSON.stringify(resolve("dist/sdk/index.js"))});
function attempt(name, work) {
  try {
    work();
    console.log(name + ": works");
  } catch (error) {
    console.log(name + ": " + error.message);
  }
}
process.on("unhandledRejection", (error) => console.log("later: " + error.message));
${body}`;
  const args = ["--eval", program];
  // The SDK sets an exit code of its own when something fails later.
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  return (stdout + stderr).trim().split("\n");
}
