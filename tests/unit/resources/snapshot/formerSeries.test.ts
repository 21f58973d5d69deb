import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Context, Values } from "../../../../provider/lifecycle";
import { diff } from "../../../../provider/resources/snapshot/diff";
import {
  reportFormerSeries,
  reportPossibleFormerSeries,
  seriesIn,
} from "../../../../provider/resources/snapshot/formerSeries";
import { openStore } from "../../../../provider/store/backends";
import { parseLocation } from "../../../../provider/store/location";
import { daysAgo, keepAt } from "../../../support/archives/prunedArchives";

const identity = (name: string) => ({ organization: "acme", project: "shop", stack: "prod", name });

describe("the series of a resource that is renamed", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "series-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function warnings(recorded: Values, inputs: Values): Promise<string[]> {
    const said: string[] = [];
    const context: Context = {
      signal: new AbortController().signal,
      config: () => undefined,
      status: () => undefined,
      info: () => undefined,
      warn: (message) => said.push(message),
    };
    await reportFormerSeries(recorded, { target: `${folder}/`, ...inputs }, context);
    return said;
  }

  async function keepTwo(): Promise<void> {
    const store = await openStore(parseLocation(`${folder}/`));
    for (const index of [1, 2])
      await keepAt(store, `${folder}/consul-${index}.snap`, { takenAt: daysAgo(index), index });
    store.close();
  }

  it("changes, and the archives that retention no longer removes are counted, with the way to continue", async () => {
    await keepTwo();
    const retention = { keepLast: 2 };
    expect(await warnings({ identity: identity("backup") }, { identity: identity("new"), retention })).to.deep.equal([
      "retention does not remove archives of another series: 2 archives of the former series acme/shop/prod/backup will " +
        'stay, because the series is now acme/shop/prod/new; set series: "acme/shop/prod/backup" to continue it',
    ]);
    const pinned = { identity: identity("new"), retention, series: "acme/shop/prod/backup" };
    expect(await warnings({ identity: identity("backup") }, pinned), "pinned").to.deep.equal([]);
    expect(await warnings({ identity: identity("backup") }, { identity: identity("new") }), "kept").to.deep.equal([]);
    const elsewhere = { identity: identity("new"), retention, target: `${folder}/none/` };
    expect(await warnings({ identity: identity("backup") }, elsewhere), "none there").to.deep.equal([]);
  });

  it("is recognized for a hook, which state does not know, with the first archive of another one", async () => {
    await keepTwo();
    const store = await openStore(parseLocation(`${folder}/`));
    await keepAt(store, `${folder}/consul-other.snap`, {
      takenAt: daysAgo(3),
      index: 3,
      series: "acme/shop/prod/other",
    });
    await keepAt(store, `${folder}/consul-stranger.snap`, {
      takenAt: daysAgo(3),
      index: 3,
      series: "acme/web/prod/nightly",
    });
    await keepAt(store, `${folder}/consul-safety.snap`, {
      takenAt: daysAgo(3),
      index: 3,
      series: "a/b/c/backup",
      purpose: "safety",
    });
    store.close();
    const hints = async (stack: string, outputs: Values, more: Values = {}) => {
      const said: string[] = [];
      const context: Context = {
        signal: new AbortController().signal,
        owner: { ...identity("backup"), stack },
        config: () => undefined,
        status: () => undefined,
        info: (message) => said.push(message),
        warn: (message) => said.push(message),
      };
      await reportPossibleFormerSeries({ target: `${folder}/`, ...more }, outputs, context);
      return said;
    };
    const first = { kept: 1, removed: 0 };
    expect(await hints("production", first)).to.deep.equal([
      "this is the first archive of the series acme/shop/production/backup; retention does not remove the 2 archives of " +
        "acme/shop/prod/backup at the same place; if that is the former series, set series: " +
        '"acme/shop/prod/backup" to continue it',
    ]);
    expect(await hints("prod", first, { series: "acme/shop/prod/new" })).to.have.length(2);
    expect(await hints("prod", first, { series: "nothing alike" }), "unlike").to.deep.equal([]);
    expect(await hints("production", { kept: 2, removed: 0 }), "not the first").to.deep.equal([]);
    expect(await hints("production", {}), "without retention").to.deep.equal([]);
    expect(await hints("production", first, { target: `${folder}/none/` }), "nothing there").to.deep.equal([]);
  });

  it("is told once, by a change that only state records", () => {
    const before = { identity: identity("old") };
    const series = { before: seriesIn(before), now: seriesIn({ identity: identity("new") }) };
    const [change, ...others] = diff({}, {}, new Date(), series);
    expect(others).to.deep.equal([]);
    expect(change).to.deep.equal({
      path: "series",
      kind: "update",
      replaces: false,
      reason: "the next snapshots belong to the series acme/shop/prod/new; those so far belong to acme/shop/prod/old",
    });
    expect(diff({}, {}, new Date(), { before: series.now, now: series.now })).to.deep.equal([]);
  });
});
