import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { expect } from "chai";

/** A program with an SDK that has this in place of hooks. */
function withHooks(hooks: string, program: string): string {
  return `
const Module = require("node:module");
const load = Module._load;
Module._load = (name, ...rest) => {
  const loaded = load(name, ...rest);
  return name === "@pulumi/pulumi" ? { ...loaded, ResourceHook: ${hooks} } : loaded;
};
const pulumi = require("@pulumi/pulumi");
const { snapshotBefore } = require(${JSON.stringify(resolve("sdk/index.ts"))});
${program}`;
}

/** As it was before there were hooks. */
const PROGRAM = withHooks(
  "undefined",
  `
try {
  snapshotBefore("pre-upgrade", { target: "./backups/" });
} catch (error) {
  console.log(error.message);
}
`,
);

/** The engine calls the hook, and an argument is of a resource that failed. */
const UNKNOWN_ARGUMENT = withHooks(
  "class { constructor(name, callback) { this.callback = callback; } }",
  `
pulumi.runtime.setMocks({ newResource: () => ({ state: {} }), call: () => ({}) }, "shop", "dev", false, "acme");
const target = pulumi.output(require("@pulumi/pulumi/output").unknown);
const { beforeUpdate: [hook] } = snapshotBefore("pre-upgrade", { target });
hook.callback().then(() => console.log("saved"), (error) => console.log(error.message));
`,
);

function printed(program: string): string {
  return execFileSync(process.execPath, ["--require", "tsx/cjs", "--eval", program], { encoding: "utf8" });
}

describe("snapshotBefore", function () {
  this.timeout(30_000);

  it("names the other way where the SDK has no hooks", () => {
    expect(printed(PROGRAM))
      .to.include("snapshotBefore needs resource hooks, which this version of Pulumi does not have: upgrade")
      .and.include("make a ConsulSnapshot with triggers: [what changes] and let the other resource dependsOn it");
  });

  it("fails where an argument stays unknown, and waits for nothing", () => {
    expect(printed(UNKNOWN_ARGUMENT)).to.match(
      /^pre-upgrade: no backup, so no update: an argument is not known, because/,
    );
  });
});
