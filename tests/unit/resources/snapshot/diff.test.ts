import { expect } from "chai";
import fc from "fast-check";
import { UNKNOWN, type Values } from "../../../../provider/lifecycle";
import { diff } from "../../../../provider/resources/snapshot/diff";

const recorded: Values = { target: "./backups/", triggers: ["1.17.0"], connection: {} };

const CLOCK = new Date("2026-11-23T15:00:00Z");

function reasons(now: Values, before: Values = recorded): string[] {
  return diff(before, now, CLOCK).map(({ reason, replaces }) => `${replaces ? "new" : "kept"}: ${reason}`);
}

describe("what makes a new snapshot", () => {
  it("is nothing when nothing changed", () => {
    expect(reasons({ ...recorded })).to.deep.equal([]);
  });

  it("is a trigger that changed, was added or was removed, without its value", () => {
    expect(reasons({ ...recorded, triggers: ["1.18.0"] })).to.deep.equal(["new: trigger 0 changed"]);
    expect(reasons({ ...recorded, triggers: ["1.17.0", "x"] })).to.deep.equal(["new: trigger 1 was added"]);
    expect(reasons({ ...recorded, triggers: [] })).to.deep.equal(["new: trigger 0 was removed"]);
  });

  it("is a trigger that is not known yet, however deep", () => {
    expect(reasons({ ...recorded, triggers: [UNKNOWN] })).to.deep.equal(["new: trigger 0 is not known yet"]);
    expect(reasons({ ...recorded, triggers: [{ a: [UNKNOWN] }] })).to.deep.equal(["new: trigger 0 is not known yet"]);
    expect(reasons({ ...recorded, triggers: UNKNOWN })).to.deep.equal(["new: the triggers are not known yet"]);
  });

  it("is another place or name template, but not a bucket's settings", () => {
    expect(reasons({ ...recorded, target: "./other/" })).to.deep.equal([
      "new: target changed from ./backups/ to ./other/",
    ]);
    const bucket = { ...recorded, target: "s3://b/consul/?region=eu-west-1" };
    expect(reasons({ ...bucket, target: "s3://b/consul/?region=eu-west-2" }, bucket)).to.deep.equal([
      "kept: only the target's settings changed",
    ]);
    expect(reasons({ ...bucket, target: "s3://c/consul/?region=eu-west-1" }, bucket)).to.have.lengthOf(1);
    const elsewhere = "s3://b/consul/?region=eu-west-1&endpoint=https://s3.example.com";
    expect(reasons({ ...bucket, target: elsewhere }, bucket)).to.deep.equal([
      `new: target changed from ${bucket.target} to ${elsewhere}`,
    ]);
  });

  it("is another cluster", () => {
    for (const name of ["address", "scheme", "datacenter", "config"]) {
      expect(reasons({ ...recorded, connection: { [name]: "other" } })).to.deep.equal([
        `new: connection.${name} changed from its default to other`,
      ]);
    }
  });

  it("is an archive that was found changed", () => {
    expect(reasons({ ...recorded }, { ...recorded, archiveChanged: true })).to.deep.equal([
      "new: the archive is no longer the one that was saved",
    ]);
  });

  it("is an age over maxAge, by the clock, and a time in the future", () => {
    const aged = (takenAt: string, maxAge?: string): string[] => {
      const before = { ...recorded, takenAt, maxAge: "20h" };
      return reasons(maxAge === undefined ? before : { ...before, maxAge }, before);
    };
    expect(aged("2026-11-22T19:00:00Z")).to.deep.equal([]);
    expect(aged("2026-11-22T18:59:59Z")).to.deep.equal(["new: the last one is 20 h 1 s old, older than maxAge 20h"]);
    expect(aged("2026-11-22T13:00:00Z")).to.deep.equal(["new: the last one is 26 h old, older than maxAge 20h"]);
    expect(aged("2026-11-23T15:00:01Z")).to.deep.equal([
      "new: the last one was taken in the future: check for clock skew",
    ]);
    expect(aged("2026-11-22T13:00:00Z", "7d")).to.deep.equal(["kept: maxAge changed; the snapshot stays"]);
    expect(aged("2026-11-22T13:00:00Z", "PT1H")).to.have.lengthOf(1);
  });

  it("is an age that reads as more than maxAge, however little more it is", () => {
    const aged = (hours: number, maxAge: string, more = 0): string => {
      const takenAt = new Date(CLOCK.getTime() - hours * 3_600_000 - more).toISOString();
      return reasons({ ...recorded, takenAt, maxAge }, { ...recorded, takenAt, maxAge }).join();
    };
    const cases: [string, string][] = [
      [aged(82, "80h"), "3 days 10 h old, older than maxAge 80h"],
      [aged(82, "72h"), "3 days 10 h old, older than maxAge 72h"],
      [aged(82, "71h"), "3 days old, older than maxAge 71h"],
      [aged(72, "3d", 1), "3 days 1 ms old, older than maxAge 3d"],
      [aged(20, "20h", 90_000), "20 h 1 min old, older than maxAge 20h"],
      [aged(1, "PT1H", 1000), "60 min 1 s old, older than maxAge PT1H"],
      [aged(0, "30s", 45_000), "45 s old, older than maxAge 30s"],
    ];
    for (const [said, expected] of cases) expect(said).to.equal(`new: the last one is ${expected}`);
  });

  it("is not a policy, which is only recorded", () => {
    const policies = {
      overwrite: true,
      deletionPolicy: "delete",
      consistency: "stale",
      maxStaleness: "5s",
      verifyOnRefresh: true,
    };
    for (const change of diff(recorded, { ...recorded, ...policies }, CLOCK))
      expect(change.replaces, change.path).to.be.false;
    expect(diff(recorded, { ...recorded, ...policies }, CLOCK)).to.have.lengthOf(5);
  });

  it("is not a default that is written out, as SDKs of some languages do", () => {
    const defaults = { overwrite: false, deletionPolicy: "retain", consistency: "consistent", verifyOnRefresh: false };
    expect(reasons({ ...recorded, ...defaults })).to.deep.equal([]);
    expect(reasons({ ...recorded }, { ...recorded, ...defaults })).to.deep.equal([]);
  });

  it("is not another recipient: what is stored stays as it is", () => {
    const kept = "kept: encryption changed: it counts from the next snapshot on, and this one stays as it is";
    const before = { ...recorded, encryption: { recipients: ["a"] } };
    expect(reasons({ ...recorded, encryption: { recipients: ["b"] } }, before)).to.deep.equal([kept]);
    expect(reasons({ ...recorded }, before)).to.deep.equal([kept]);
    expect(reasons({ ...before })).to.deep.equal([kept]);
    expect(reasons({ ...before }, before)).to.deep.equal([]);
  });

  it("is never told with a trigger's value", () => {
    const secret = fc.string({ minLength: 12 });
    fc.assert(
      fc.property(fc.array(secret), fc.array(secret), (before, now) => {
        const text = reasons({ ...recorded, triggers: now }, { ...recorded, triggers: before }).join("\n");
        for (const value of [...before, ...now]) expect(text).to.not.include(value);
      }),
    );
  });

  it("is the same whatever order the keys of a trigger are in, and a trigger equals itself", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (triggers) => {
        const reversed = JSON.parse(JSON.stringify(triggers, (_, value: unknown) => reversedKeys(value))) as Values[];
        const before = { ...recorded, triggers: JSON.parse(JSON.stringify(triggers)) as Values[] };
        expect(reasons({ ...recorded, triggers: reversed }, before)).to.deep.equal([]);
      }),
    );
  });
});

function reversedKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).reverse());
}
