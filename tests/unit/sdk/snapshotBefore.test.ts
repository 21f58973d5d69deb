import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { expect } from "chai";

/** A program with an SDK as it was before there were hooks. */
const PROGRAM = `
const Module = require("node:module");
const load = Module._load;
Module._load = (name, ...rest) => {
  const loaded = load(name, ...rest);
  return name === "@pulumi/pulumi" ? { ...loaded, ResourceHook: undefined } : loaded;
};
const { snapshotBefore } = require(${JSON.stringify(resolve("sdk/index.ts"))});
try {
  snapshotBefore("pre-upgrade", { target: "./backups/" });
} catch (error) {
  console.log(error.message);
}
`;

describe("snapshotBefore", function () {
  this.timeout(30_000);

  it("names the other way where the SDK has no hooks", () => {
    const said = execFileSync(process.execPath, ["--require", "tsx/cjs", "--eval", PROGRAM], { encoding: "utf8" });
    expect(said)
      .to.include("snapshotBefore needs resource hooks, which this version of Pulumi does not have: upgrade")
      .and.include("make a ConsulSnapshot with triggers: [what changes] and let the other resource dependsOn it");
  });
});
