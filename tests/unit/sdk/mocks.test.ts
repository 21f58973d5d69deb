import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { expect } from "chai";

/** A program under Pulumi's mocks, as a user's unit test runs one. */
function printed(setMocks: string, program: string): string {
  const text = `
const pulumi = require("@pulumi/pulumi");
const mocks = {
  newResource: ({ name, inputs }) => ({ id: name + "-id", state: { ...inputs, location: "/b/x.snap", index: 7, ...(name === "pre" ? { sha256: "f00d" } : {}) } }),
  call: () => ({}),
};
(async () => {
  await pulumi.runtime.setMocks(${setMocks});
  const { ConsulSnapshot, ConsulSnapshotRestore, snapshotBefore } = require(${JSON.stringify(resolve("dist/sdk/index.js"))});
  const value = (output) => new Promise((known) => output.apply(known));
  try {
    ${program}
  } catch (error) {
    console.log(error.name + ": " + error.message);
  }
})();`;
  return execFileSync(process.execPath, ["--eval", text], { encoding: "utf8" }).trim();
}

const EVERYTHING = `
const backup = new ConsulSnapshot("pre", { target: "./backups/", triggers: ["1"] });
const found = ConsulSnapshot.get("found", "/b/y.snap");
const restore = new ConsulSnapshotRestore("back", {
  runId: "x", validUntil: "2030-01-01T00:00:00Z", source: backup.location, safetySnapshot: false,
});
new pulumi.ComponentResource("a:b:C", "c", {}, { hooks: snapshotBefore("hook", { target: "./b/" }) });
console.log(await value(backup.location), await value(backup.index), await value(found.id), typeof (await value(restore.urn)));
`;

describe("a user's unit test", function () {
  this.timeout(30_000);

  for (const [what, args] of [
    ["with mocks alone", "mocks"],
    ["with a project and a stack", 'mocks, "shop", "dev", false'],
    ["with an organization, too", 'mocks, "shop", "dev", false, "acme"'],
    ["of a preview", 'mocks, "shop", "dev", true'],
  ] as const) {
    it(`runs the resources and the hook ${what}`, () => {
      expect(printed(args, EVERYTHING)).to.match(/^\/b\/x\.snap 7 \S+ string$/);
    });
  }

  it("restores no other archive than the one that a ConsulSnapshot has saved, when that is the source", () => {
    const program = `
const backup = new ConsulSnapshot("pre", { target: "./backups/" });
const args = { runId: "x", validUntil: "2030-01-01T00:00:00Z", safetySnapshot: false };
for (const more of [{ source: backup }, { source: backup, sha256: "beef" }, { source: backup.location }]) {
  const { source, sha256 } = new ConsulSnapshotRestore("back" + JSON.stringify(Object.keys(more)) + typeof more.sha256, { ...args, ...more });
  console.log(await value(source), sha256 === undefined ? undefined : await value(sha256));
}`;
    expect(printed("mocks", program).split("\n")).to.deep.equal([
      "/b/x.snap f00d",
      "/b/x.snap beef",
      "/b/x.snap undefined",
    ]);
  });

  it("is told in one sentence of options that cannot work", () => {
    const program = `
for (const options of [{ deleteBeforeReplace: true }, { import: "/b/x.snap" }, { protect: true }]) {
  try {
    new ConsulSnapshot("pre", { target: "./backups/" }, options);
    console.log("made");
  } catch (error) {
    console.log(error.message);
  }
}`;
    expect(printed("mocks", program).split("\n")).to.deep.equal([
      "pre: deleteBeforeReplace would delete the archive before the new one is taken: remove the option",
      "pre: a dynamic resource cannot be imported: use ConsulSnapshot.get(name, location)",
      "made",
    ]);
  });

  it("is refused replaceWith where deletionPolicy may delete an archive", () => {
    const program = `
const server = new pulumi.ComponentResource("a:b:C", "server");
for (const deletionPolicy of [undefined, "retain", "delete", pulumi.output("retain")]) {
  try {
    new ConsulSnapshot("pre", { target: "./backups/", deletionPolicy }, { replaceWith: [server] });
    console.log("made");
  } catch (error) {
    console.log(error.message);
  }
}
new ConsulSnapshot("alone", { target: "./backups/", deletionPolicy: "delete" }, { replaceWith: [] });`;
    const refusal =
      "pre: replaceWith with this deletionPolicy may delete the archive before the new one is taken: " +
      "use triggers: [server.id] in its place, with the resource that it names";
    expect(printed("mocks", program).split("\n")).to.deep.equal(["made", "made", refusal, refusal]);
  });

  it("looks an archive up with state and options, or with options in the place of state", () => {
    const program = `
const forms = [[], [{}], [{ protect: true }], [undefined, { protect: true }], [{ decryption: {} }, {}]];
for (const [at, form] of forms.entries()) {
  console.log(await value(ConsulSnapshot.get("found-" + at, "/b/y.snap", ...form).id));
}`;
    expect(printed("mocks", program).split("\n")).to.have.length(5);
  });
});
