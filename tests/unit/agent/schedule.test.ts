import { expect } from "chai";
import { longestSilence, nextDue, type Schedule, scheduleProblem, spacing } from "../../../agent/schedule";

const at = (time: string): Date => new Date(time);
const hourly: Schedule = { kind: "interval", everyMs: 3_600_000 };
const nightly: Schedule = { kind: "cron", expression: "30 2 * * *", timeZone: "Europe/Berlin" };

describe("when a snapshot is due", () => {
  it("is at once on an interval, and then an interval after the last one", () => {
    const now = at("2026-11-26T09:00:00Z");
    expect(nextDue(hourly, undefined, now)).to.deep.equal(now);
    expect(nextDue(hourly, at("2026-11-26T08:30:00Z"), now)).to.deep.equal(at("2026-11-26T09:30:00Z"));
  });

  it("is now, once, when several were missed", () => {
    const now = at("2026-11-26T09:00:00Z");
    expect(nextDue(hourly, at("2026-11-26T03:10:00Z"), now)).to.deep.equal(now);
    expect(nextDue(nightly, at("2026-11-20T01:30:00Z"), now)).to.deep.equal(now);
  });

  it("is not put off by a last snapshot in the future, after a clock was set back", () => {
    const now = at("2026-11-26T09:00:00Z");
    expect(nextDue(hourly, at("2026-12-24T00:00:00Z"), now)).to.deep.equal(now);
    expect(nextDue(nightly, at("2026-12-24T00:00:00Z"), now)).to.deep.equal(at("2026-11-27T01:30:00Z"));
  });

  it("follows the clock of its time zone, also where that changes", () => {
    const run = (last: string): string => nextDue(nightly, at(last), at(last)).toISOString();
    expect(run("2026-11-26T09:00:00Z")).to.equal("2026-11-27T01:30:00.000Z");
    expect(run("2026-07-01T09:00:00Z")).to.equal("2026-07-02T00:30:00.000Z");
    // 02:30 does not exist on 2026-03-29 in Berlin: it still runs once that day.
    const skipped = nextDue(nightly, at("2026-03-28T12:00:00Z"), at("2026-03-28T12:00:00Z"));
    expect(skipped.toISOString().slice(0, 10)).to.equal("2026-03-29");
    expect(nextDue(nightly, skipped, skipped).toISOString()).to.equal("2026-03-30T00:30:00.000Z");
  });

  it("has a longest distance, for checks that must outlast it", () => {
    const now = at("2026-11-26T09:00:00Z");
    expect(spacing(hourly, now)).to.equal(3_600_000);
    expect(spacing({ kind: "cron", expression: "0 6 * * 1-5", timeZone: "UTC" }, now)).to.equal(3 * 86_400_000);
    // From Friday 17:55 to Monday 9:00, and up to a quarter of an hour more.
    const busy = spacing({ kind: "cron", expression: "*/5 9-17 * * 1-5", timeZone: "Europe/Berlin" }, now);
    expect(busy / 60_000).to.be.within(63 * 60 + 5, 63 * 60 + 20);
  });

  it("may be missed once, be delayed by the jitter, and take a quarter of an hour", () => {
    expect(longestSilence(hourly, 1_800_000, at("2026-11-26T09:00:00Z"))).to.equal((120 + 30 + 15) * 60_000);
  });

  it("is refused where an expression or a time zone is none, or never comes", () => {
    expect(scheduleProblem("0 */6 * * *", "UTC")).to.equal(undefined);
    expect(scheduleProblem("*/10 * * * * *", "America/New_York")).to.equal(undefined);
    expect(scheduleProblem("61 * * * *", "UTC")).to.include("is not a cron expression");
    expect(scheduleProblem("0 0 30 2 *", "UTC")).to.include("never comes");
    expect(scheduleProblem("0 0 * * *", "Nowhere")).to.include("is not a time zone");
  });
});
