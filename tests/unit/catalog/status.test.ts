import { expect } from "chai";
import { isNewer } from "../../../provider/catalog/newest";
import type { Listed, ListedArchive } from "../../../provider/catalog/list";
import { judgeStatus, type StatusVerdict, summarizeSeries } from "../../../provider/catalog/status";
import type { Manifest } from "../../../provider/catalog/manifest";
import { manifestOf } from "../../support/archives/manifests";

const NOW = new Date("2026-11-26T12:00:00Z");
const HOUR = 3_600_000;
const BROKEN = {
  ok: false,
  consulVersion: "1.13.9",
  basis: "tried",
  reasons: ["it holds a record of type 99"],
} as const;

function archive(hoursAgo: number, more: Partial<Manifest> = {}, intact = true): ListedArchive {
  const takenAt = new Date(NOW.getTime() - hoursAgo * HOUR).toISOString();
  const object = { key: `${hoursAgo}.snap`, size: 50, version: "1", modified: NOW };
  const manifest = { ...manifestOf(1000 - hoursAgo), series: "one", takenAt, ...more };
  return { kind: "archive", key: object.key, archive: object, manifest, intact };
}

async function judge(archives: readonly ListedArchive[], series = "one"): Promise<StatusVerdict> {
  const summaries = await summarizeSeries(each(archives), NOW);
  return judgeStatus(summaries.get(series), 26 * HOUR, NOW);
}

async function* each(listed: readonly Listed[]): AsyncGenerator<Listed> {
  for (const one of listed) yield await Promise.resolve(one);
}

describe("the status of backups", () => {
  it("is in order up to the limit, and too old after it", async () => {
    expect(await judge([archive(26), archive(50)])).to.include({ ok: true, reason: "ok" });
    const old = await judge([archive(50), archive(27)]);
    expect(old).to.include({ ok: false, reason: "tooOld", ageMs: 27 * HOUR });
    expect(old.sentence).to.equal("the newest restorable archive is 27 h old, and may be 26 h");
    expect(old.newest?.key).to.equal("27.snap");
  });

  it("there is none: nothing at all, another series, only safety snapshots", async () => {
    expect(await judge([])).to.deep.equal({
      ok: false,
      reason: "none",
      sentence: "there is no archive with a manifest",
      gaps: [],
    });
    expect(await judge([archive(1)], "two")).to.include({ reason: "none" });
    expect(await judge([archive(1, { purpose: "safety" })])).to.include({ reason: "none" });
  });

  it("an archive that is not restorable, altered, or taken in the future does not count", async () => {
    for (const [what, wrong] of [
      ["1 not restorable", archive(1, { restorable: BROKEN })],
      ["1 not what was saved", archive(1, {}, false)],
      ["1 taken in the future", archive(-48)],
    ] as const) {
      const alone = await judge([wrong]);
      expect(alone, what).to.include({ ok: false, reason: "notRestorable" });
      expect(alone.sentence).to.include(what);
      const behind = await judge([wrong, archive(30)]);
      expect(behind, what).to.include({ ok: false, reason: "tooOld" });
      expect(behind.sentence).to.include(what);
      expect(await judge([archive(2), wrong]), what).to.include({ ok: true });
    }
    // A server's clock may be a little ahead.
    expect(await judge([archive(-0.05)])).to.include({ ok: true, ageMs: 0 });
  });

  it("reports recent gaps, which decide nothing", async () => {
    const { ok, gaps } = await judge([archive(1), archive(60), archive(61), archive(2000)]);
    expect(ok).to.equal(true);
    expect(gaps.map(({ to }) => to)).to.deep.equal(["2026-11-23T23:00:00.000Z", "2026-11-26T11:00:00.000Z"]);
  });

  it("of two archives of one time, the one with the higher index is the newer", () => {
    expect(isNewer(archive(1, { index: 8 }), archive(1, { index: 7 }))).to.equal(true);
    expect(isNewer(archive(1, { index: 7 }), archive(1, { index: 7 }))).to.equal(false);
  });
});
