import { expect } from "chai";
import fc from "fast-check";
import { UNKNOWN, type Value, type Values } from "../../../../provider/lifecycle";
import { diff } from "../../../../provider/resources/restore/diff";

const recorded: Values = {
  runId: "one",
  validUntil: "2026-11-24T00:00:00Z",
  source: "./a.snap",
  safetySnapshot: { target: "./before/" },
  connection: {},
  outcome: "exact",
};

const NOW = new Date("2026-11-23T12:00:00Z");

function reasons(inputs: Values, before: Values = recorded, now = NOW): string[] {
  return diff(before, inputs, now).map(({ reason, replaces }) => `${replaces ? "restores" : "kept"}: ${reason}`);
}

describe("what restores again", () => {
  it("is nothing when nothing changed, whatever the clock says", () => {
    expect(reasons({ ...recorded })).to.deep.equal([]);
    const old = { ...recorded, validUntil: "2001-01-01T00:00:00Z" };
    expect(reasons(old, old)).to.deep.equal([]);
  });

  it("is a new runId, from the source of now", () => {
    expect(reasons({ ...recorded, runId: "two", source: "./b.snap" })).to.deep.equal([
      'restores: the cluster will be restored from ./b.snap: runId changed from "one" to "two"',
    ]);
  });

  it("is not a runId in another Unicode form, or with blanks at its ends", () => {
    const named = { ...recorded, runId: "Zürich".normalize("NFC") };
    expect(reasons({ ...recorded, runId: ` ${"Zürich".normalize("NFD")} ` }, named)).to.deep.equal([]);
  });

  it("is nothing once the time to begin is over, and one line says so", () => {
    expect(reasons({ ...recorded, runId: "two" }, recorded, new Date("2026-11-25T00:00:00Z"))).to.deep.equal([
      'restores: run "two" was valid until 2026-11-24T00:00:00Z, which has passed: nothing will be restored, though runId changed from "one" to "two"',
    ]);
  });

  it("is nothing as it is now where a problem of the source is known, and one line says so", () => {
    const [change] = diff(recorded, { ...recorded, runId: "two" }, NOW, "there is no archive at ./a.snap");
    expect(change?.reason).to.equal(
      'there is no archive at ./a.snap: as it is now, nothing will be restored, though runId changed from "one" to "two"',
    );
    expect(diff(recorded, { ...recorded }, NOW, "there is no archive at ./a.snap")).to.deep.equal([]);
  });

  it("is a runId that is not known yet", () => {
    expect(reasons({ ...recorded, runId: UNKNOWN, source: UNKNOWN })).to.deep.equal([
      "restores: the cluster will be restored from an archive that is not known yet: runId is not known yet",
    ]);
  });

  it("is nothing else, known or not: each other change says that it restores nothing", () => {
    const changes: [string, Value][] = [
      ["validUntil", "2027-01-01T00:00:00Z"],
      ["source", "./b.snap"],
      ["source", UNKNOWN],
      ["safetySnapshot", false],
      ["safetySnapshot", { target: "./elsewhere/" }],
      ["allow", ["noReceipt"]],
      ["connection", { address: "other:8500" }],
      ["connection", UNKNOWN],
      ["sha256", "0".repeat(64)],
      ["cluster", "75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11"],
      ["strict", true],
    ];
    for (const [name, value] of changes) {
      expect(reasons({ ...recorded, [name]: value })).to.deep.equal([
        `kept: ${name} changed, which restores nothing: only a new runId does`,
      ]);
    }
  });

  it("is never the run that was recorded, whatever else is", () => {
    const value = fc.oneof(fc.string(), fc.constant(UNKNOWN), fc.boolean(), fc.constant(null));
    const args = fc.dictionary(
      fc.constantFrom("validUntil", "source", "safetySnapshot", "allow", "connection", "outcome", "attempt"),
      value,
    );
    fc.assert(
      fc.property(args, args, (before, now) => {
        const found = diff({ ...before, runId: "one" }, { ...now, runId: "one" }, NOW);
        expect(found.filter(({ replaces }) => replaces)).to.deep.equal([]);
      }),
    );
  });

  it("is nothing while it is not known how a restore ended: that is found out", () => {
    const unsettled: Values = { ...recorded, attempt: { runId: "one" } };
    const reading =
      'kept: the restore of run "one" has begun, and how it ended is not known: the next update reads Consul, and restores nothing';
    expect(reasons({ ...recorded }, unsettled)).to.deep.equal([reading]);
    expect(reasons({ ...recorded, source: "./b.snap" }, unsettled)).to.have.lengthOf(2);
    expect(reasons({ ...recorded, runId: "two" }, unsettled)).to.deep.equal([
      'restores: the cluster will be restored from ./a.snap: runId changed from "one" to "two"',
    ]);
  });
});
