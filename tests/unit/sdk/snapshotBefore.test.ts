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
const { snapshotBefore } = require(${JSON.stringify(resolve("dist/sdk/index.js"))});
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
pulumi.runtime.getMonitor().mocks = undefined; // as an engine's
const target = pulumi.output(require("@pulumi/pulumi/output").unknown);
const { beforeUpdate: [hook] } = snapshotBefore("pre-upgrade", { target });
hook.callback({ urn: "urn" }).then(() => console.log("saved"), (error) => console.log(error.message));
`,
);

function printed(program: string): string {
  return execFileSync(process.execPath, ["--eval", program], { encoding: "utf8" });
}

/** The engine replaces the resource, then updates it. */
const REPLACED = withHooks(
  "class { constructor(name, callback) { this.name = name; this.callback = callback; } }",
  `
pulumi.runtime.setMocks({ newResource: () => ({ state: {} }), call: () => ({}) }, "shop", "dev", false, "acme");
pulumi.runtime.getMonitor().mocks = undefined; // as an engine's
const hooks = snapshotBefore("guard", { target: "ftp://x/" }, ["create", "update", "delete"]);
(async () => {
  const outcomes = [];
  for (const [event, urn] of [["beforeCreate", "a"], ["beforeDelete", "a"], ["beforeUpdate", "a"]]) {
    const [hook] = hooks[event];
    outcomes.push(hook.name + " " + await hook.callback({ urn }).then(() => "passed", (error) => /no backup, so no \\w+/.exec(error.message)?.[0] ?? error.stack));
  }
  console.log(outcomes.join("; "));
})();
`,
);

/** Replacements in both orders, with a snapshot that succeeds each time. */
const BOTH_ORDERS = withHooks(
  "class { constructor(name, callback) { this.callback = callback; } }",
  `
const host = require(${JSON.stringify(resolve("dist/provider/hosts/hook/host.js"))});
pulumi.runtime.setMocks({ newResource: () => ({ state: {} }), call: () => ({}) }, "shop", "dev", false, "acme");
pulumi.runtime.getMonitor().mocks = undefined; // as an engine's
const saved = [];
host.saveBefore = ({ event }) => { saved.push(event); return Promise.resolve(); };
const hooks = snapshotBefore("guard", { target: "./b/" }, ["create", "update", "delete"]);
(async () => {
  for (const [event, urn] of [["beforeCreate", "a"], ["beforeDelete", "a"], ["beforeDelete", "b"], ["beforeCreate", "b"], ["beforeUpdate", "b"]]) {
    await hooks[event][0].callback({ urn });
  }
  console.log(saved.join(" "));
})();
`,
);

/** What TypeScript refuses, and a program in JavaScript can write; and the name of another call. */
const MISTAKES = withHooks(
  "class {}",
  `
pulumi.runtime.setMocks({ newResource: () => ({ state: {} }), call: () => ({}) }, "shop", "dev", false, "acme");
pulumi.runtime.getMonitor().mocks = undefined; // as an engine's
const attempts = [["a", ["replace"]], ["b", []], ["c", "update"], ["d", ["create", "updates"]], ["e", ["update"]], ["e"], ["f"]];
for (const [name, events] of attempts) {
  try {
    console.log(name + " " + Object.keys(snapshotBefore(name, { target: "./b/" }, events)).join(" "));
  } catch (error) {
    console.log(error.message);
  }
}
`,
);

describe("snapshotBefore", function () {
  this.timeout(30_000);

  it("names the other way where the SDK has no hooks", () => {
    expect(printed(PROGRAM))
      .to.match(
        /snapshotBefore needs resource hooks, which the Pulumi language host.*pulumi-language-nodejs.*upgrade both/,
      )
      .and.include("make a ConsulSnapshot with triggers: [what changes] and let the other resource dependsOn it");
  });

  it("comes before each operation that it is told to, and refuses each that it cannot back up", () => {
    expect(printed(REPLACED).trim()).to.equal(
      [
        "consul-snapshot:guard:create no backup, so no create",
        "consul-snapshot:guard:delete no backup, so no delete",
        "consul-snapshot:guard no backup, so no update",
      ].join("; "),
    );
  });

  it("takes one snapshot for a replacement, in whichever order its operations come", () => {
    expect(printed(BOTH_ORDERS).trim()).to.equal("create delete update");
  });

  it("refuses events that do not exist, and a name that another call has", () => {
    const events = 'the events of snapshotBefore must be a list of "create", "update" and "delete"';
    const twice =
      "snapshotBefore is called twice with this name: use another name, or pass the hooks of one call to both";
    expect(printed(MISTAKES).trim().split("\n")).to.deep.equal([
      ...["a", "b", "c", "d"].map((name) => `${name}: ${events}`),
      "e beforeUpdate",
      `e: ${twice} resources`,
      "f beforeUpdate",
    ]);
  });

  it("fails where an argument stays unknown, and waits for nothing", () => {
    expect(printed(UNKNOWN_ARGUMENT)).to.match(
      /^pre-upgrade: no backup, so no update: an argument is not known, because/,
    );
  });
});
