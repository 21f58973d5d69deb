import { expect } from "chai";
import { type DestinationHealth, judgeHealth } from "../../../../agent/http/health";
import { remark } from "../../../../provider/text";

const NOW = new Date("2026-11-26T12:00:00Z");

function reasonsOf(health: Partial<DestinationHealth>): readonly string[] {
  const { ok, reasons } = judgeHealth([{ name: "s3", maxAgeMs: 2 * 3_600_000, ...health }], NOW);
  expect(ok).to.equal(reasons.length === 0);
  return reasons;
}

describe("the agent's health", () => {
  it("is good as long as the newest restorable archive is not older than it may be", () => {
    expect(reasonsOf({ restorableAt: new Date("2026-11-26T10:00:00Z") })).to.deep.equal([]);
    // The clock of the server is ahead a little.
    expect(reasonsOf({ restorableAt: new Date("2026-11-26T12:01:00Z") })).to.deep.equal([]);
  });

  it("says which destination is too old, empty, without a restorable archive, or cannot be read", () => {
    expect(reasonsOf({ restorableAt: new Date("2026-11-26T09:55:00Z") })).to.deep.equal([
      "the newest restorable archive of s3 is 2 h 5 min old, and may be 2 h",
    ]);
    const takenAt = new Date("2026-11-26T11:00:00Z");
    for (const [nextStart, next] of [
      [undefined, "the agent that leads takes the next snapshot"],
      [new Date("2026-11-27T02:30:00Z"), "the next snapshot is due at 2026-11-27T02:30:00.000Z"],
      [NOW, "a snapshot is due now"],
    ] as const) {
      const due = nextStart === undefined ? {} : { nextStart };
      expect(reasonsOf(due)).to.deep.equal([`s3 has no archive yet: ${next}`]);
      expect(reasonsOf({ ...due, takenAt })).to.deep.equal([`s3 has no restorable archive: ${next}`]);
    }
    expect(reasonsOf({ takenAt: new Date("2027-01-01T00:00:00Z") })).to.deep.equal([
      "s3 has no restorable archive, but one of the future: check for clock skew",
    ]);
    expect(reasonsOf({ problem: remark`access denied` })).to.deep.equal(["s3 cannot be read: access denied"]);
  });
});
