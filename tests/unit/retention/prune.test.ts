import { readdir, rm, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect } from "chai";
import { SnapshotError } from "../../../provider/errors";
import { fileStore } from "../../../provider/store/file/store";
import type { Store } from "../../../provider/store/store";
import { manifestKey } from "../../../provider/catalog/manifest";
import { pruneDeliberately } from "../../../provider/retention/prune";
import type { PruneReport } from "../../../provider/retention/report";
import { ledgerKey } from "../../../provider/retention/ledger";
import { failureOf, temporaryFolder } from "../../support/programs/saving";
import { type About, daysAgo, keepAt, NOW, pruneAfter, SERIES } from "../../support/archives/prunedArchives";

describe("pruning a folder", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let template: string;
  const store = fileStore();
  beforeEach(async () => {
    folder = await temporaryFolder();
    template = join(folder.path, "consul-{index}.snap");
  });
  afterEach(() => folder.remove());

  const keep = (name: string, about: About) => keepAt(store, join(folder.path, name), about);
  /** All but what the runs know of each other. */
  const entries = async () => (await folder.entries()).filter((name) => !name.endsWith(".retention.json"));
  const archivesThere = async () => (await readdir(folder.path)).filter((name) => name.endsWith(".snap")).sort();

  /** Five days of backups; the newest is the new one. */
  async function fiveDays() {
    for (const day of [5, 4, 3, 2]) await keep(`consul-${9 - day}.snap`, { takenAt: daysAgo(day), index: 9 - day });
    return keep("consul-8.snap", { takenAt: daysAgo(1), index: 8 });
  }

  it("removes archives with their manifests, and says what stays and goes, and why", async () => {
    const saved = await fiveDays();
    const { pruned, said } = await pruneAfter(store, template, saved, { keepLast: 2 });
    expect(pruned).to.deep.equal({ kept: 2, removed: 3 });
    expect(await entries()).to.deep.equal(
      ["consul-7.snap", "consul-8.snap"].flatMap((name) => [name, manifestKey(name)]),
    );
    expect(said.warn).to.be.empty;
    expect(said.info.join()).to.equal(
      [
        "retention: kept 2, removed 3",
        `kept ${folder.path}/consul-8.snap: new, last 1`,
        `kept ${folder.path}/consul-7.snap: last 2`,
        ...[6, 5, 4].map((index) => `removed ${folder.path}/consul-${index}.snap: no rule keeps it`),
      ].join("\n  "),
    );
  });

  it("without a policy does not even look", async () => {
    const saved = await fiveDays();
    const { pruned, asked } = await pruneAfter(store, template, saved, {});
    expect(pruned).to.equal(undefined);
    expect(asked).to.be.empty;
  });

  it("costs one listing and a read for each manifest of the series, however many others there are", async () => {
    const saved = await fiveDays();
    for (let at = 0; at < 50; at += 1) {
      await keep(`consul-9${at}.snap`, { takenAt: daysAgo(9), index: 1, series: "rival/shop/prod/backup" });
    }
    const { pruned, said, asked } = await pruneAfter(store, template, saved, { keepLast: 5 });
    expect([pruned, ...said.info]).to.deep.equal([{ kept: 5, removed: 0 }, "retention: kept 5, removed 0"]);
    const ledger = ledgerKey(template, SERIES);
    expect(asked.filter(({ method }) => method === "list")).to.have.length(1);
    expect(
      asked.filter(({ method, key }) => method === "read" && key !== ledger).map(({ key }) => basename(key)),
    ).to.have.members([4, 5, 6, 7].map((index) => manifestKey(`consul-${index}.snap`)));
  });

  it("leaves strangers, safety snapshots, other series, other clusters and copies set aside", async () => {
    const saved = await fiveDays();
    await writeFile(join(folder.path, "consul-1.snap"), "a stranger");
    await keep("consul-2.snap", { takenAt: daysAgo(9), index: 1, purpose: "safety" });
    await keep("consul-30.snap", { takenAt: daysAgo(9), index: 1, datacenter: "dc2" });
    await keep("consul-31.snap", { takenAt: daysAgo(9), index: 1, servers: ["x"] });
    await keep("consul-36.snap", { takenAt: daysAgo(9), index: 1, servers: [] });
    await keep("consul-32.snap", { takenAt: daysAgo(9), index: 1, series: "rival/shop/prod/backup" });
    await keep("consul-33.snap", { takenAt: daysAgo(9), index: 1, location: "/elsewhere/consul-4.snap" });
    await keep("consul-34.snap", { takenAt: daysAgo(9), index: 1, marked: false, series: "rival/shop/prod/backup" });
    await writeFile(join(folder.path, manifestKey("consul-35.snap")), '{"schema": 1');
    const before = (await archivesThere()).length;
    const { pruned, said } = await pruneAfter(store, template, saved, { keepLast: 1 });
    expect(pruned).to.deep.equal({ kept: 1, removed: 4 });
    expect(await archivesThere()).to.have.length(before - 4);
    expect(said.info.join())
      .to.contain("left 2 of this series, but of another cluster")
      .and.to.contain("left 1 of this series, whose cluster is not known: no servers are recorded");
  });

  it("counts an archive of the series whose manifest has no mark", async () => {
    const saved = await fiveDays();
    await keep("consul-3.snap", { takenAt: daysAgo(9), index: 3, marked: false });
    expect((await pruneAfter(store, template, saved, { keepLast: 1 })).pruned).to.deep.equal({ kept: 1, removed: 5 });
  });

  it("leaves an archive that is not what was saved", async () => {
    const saved = await fiveDays();
    await writeFile(join(folder.path, "consul-7.snap"), "something else of another length");
    const { pruned } = await pruneAfter(store, template, saved, { keepLast: 2 });
    expect(pruned).to.deep.equal({ kept: 3, removed: 2, unusable: 1 });
    expect(await archivesThere()).to.deep.equal(["consul-6.snap", "consul-7.snap", "consul-8.snap"]);
  });

  it("removes nothing when the index fell, and warns", async () => {
    await fiveDays();
    const saved = await keep("consul-20.snap", { takenAt: daysAgo(0), index: 2 });
    const { pruned, said } = await pruneAfter(store, template, saved, { keepLast: 1 });
    expect(pruned).to.include({ kept: 6, removed: 0 });
    expect(said.warn.join()).to.match(/^retention: nothing was removed: the index fell, from .*consul-[4-8]\.snap/);
    expect(await archivesThere()).to.have.length(6);
  });

  it("does not delete what another writer put there meanwhile", async () => {
    const saved = await fiveDays();
    const path = join(folder.path, "consul-4.snap");
    const racing: Store = {
      ...store,
      async delete(key, options) {
        if (key === path) await writeFile(path, "another archive");
        return store.delete(key, options);
      },
    };
    const { pruned, said } = await pruneAfter(racing, template, saved, { keepLast: 1 });
    expect(pruned).to.deep.equal({ kept: 2, removed: 3 });
    expect(await entries()).to.include.members(["consul-4.snap", manifestKey("consul-4.snap")]);
    expect(said.warn).to.have.length(1);
    expect(said.warn.join()).to.contain("1 archive could not be removed and stay");
  });

  it("goes on when some are locked, and says so once", async () => {
    const saved = await fiveDays();
    const locked = ["consul-4.snap", "consul-6.snap"].map((name) => join(folder.path, name));
    const { pruned, said } = await pruneAfter(
      refusing(store, "STORE_DENIED", (key) => locked.includes(key)),
      template,
      saved,
      { keepLast: 1 },
    );
    expect(pruned).to.deep.equal({ kept: 3, removed: 2 });
    expect(await archivesThere()).to.deep.equal(["consul-4.snap", "consul-6.snap", "consul-8.snap"]);
    expect(said.warn).to.have.length(1);
    expect(said.warn.join()).to.contain("2 archives could not be removed and stay");
  });

  it("that cannot list, or cannot read one that may be ours, removes nothing and warns", async () => {
    const saved = await fiveDays();
    const unreadable = join(folder.path, manifestKey("consul-6.snap"));
    const broken: Store[] = [
      { ...store, list: () => failing("STORE_UNREACHABLE") },
      { ...store, read: (key, options) => (key === unreadable ? failing("STORE_DENIED") : store.read(key, options)) },
    ];
    for (const each of broken) {
      const { pruned, said } = await pruneAfter(each, template, saved, { keepLast: 1 });
      expect(pruned).to.equal(undefined);
      expect(said.warn.join()).to.match(
        /the snapshot is saved, but pruning did not finish.*\(STORE_(UNREACHABLE|DENIED)\)/,
      );
      expect(await archivesThere()).to.have.length(5);
    }
  });

  it("interrupted before its listing removes nothing, and says that it was interrupted", async () => {
    const saved = await fiveDays();
    const { said } = await pruneAfter(store, template, saved, { keepLast: 1 }, { signal: AbortSignal.abort() });
    expect(said.warn.join()).to.contain("it was interrupted");
    expect(await archivesThere()).to.have.length(5);
  });

  for (const method of ["list", "read", "delete"] as const) {
    it(`interrupted while it waits for a ${method} that gives no answer ends at once, and says so`, async () => {
      const saved = await fiveDays();
      const interrupt = new AbortController();
      const silent = (): Promise<never> => {
        interrupt.abort();
        return new Promise<never>(() => undefined);
      };
      const endless = { [Symbol.asyncIterator]: () => ({ next: silent }) };
      const answers = { list: () => endless, read: () => endless, delete: silent };
      const deaf: Store = { ...store, [method]: answers[method] };
      const { said } = await pruneAfter(deaf, template, saved, { keepLast: 1 }, { signal: interrupt.signal });
      expect(said.warn.join()).to.match(/^retention: the snapshot is saved, .*: it was interrupted$/);
      expect(await archivesThere()).to.have.length(5);
    });
  }

  it("that fails at any deletion loses nothing that was to be kept, and the next run completes it", async () => {
    const kept = ["consul-7.snap", "consul-8.snap"].flatMap((name) => [name, manifestKey(name)]);
    for (let failAt = 0; failAt < 6; failAt += 1) {
      const saved = await fiveDays();
      await age();
      let deletions = 0;
      const fragile = refusing(store, "STORE_UNREACHABLE", () => deletions++ >= failAt);
      const { pruned, said } = await pruneAfter(fragile, template, saved, { keepLast: 2 });
      expect(said.warn.join()).to.contain("pruning did not finish");
      const after = await entries();
      expect(after).to.include.members(kept);
      for (const name of after.filter((each) => each.endsWith(".snap"))) expect(after).to.include(manifestKey(name));
      expect(pruned?.kept).to.equal((await archivesThere()).length);

      const next = await pruneAfter(store, template, saved, { keepLast: 2 });
      expect(next.said.warn).to.be.empty;
      expect(await entries()).to.deep.equal(kept);
      for (const name of await readdir(folder.path)) await rm(join(folder.path, name));
    }
  });

  it("leaves the manifest of a save that is about to make its archive visible", async () => {
    const saved = await fiveDays();
    await keep("consul-70.snap", { takenAt: daysAgo(1), index: 8 });
    await rm(join(folder.path, "consul-70.snap"));
    await pruneAfter(store, template, saved, { keepLast: 9 }, { now: new Date() });
    expect(await entries()).to.include(manifestKey("consul-70.snap"));
    await age();
    await pruneAfter(store, template, saved, { keepLast: 9 });
    expect(await entries()).not.to.include(manifestKey("consul-70.snap"));
  });

  it("leaves the manifest of another cluster's archive that is gone", async () => {
    const saved = await fiveDays();
    await keep("consul-3.snap", { takenAt: daysAgo(9), index: 3, servers: ["x"] });
    await rm(join(folder.path, "consul-3.snap"));
    await age();
    await pruneAfter(store, template, saved, { keepLast: 9 });
    expect(await entries()).to.include(manifestKey("consul-3.snap"));
  });

  it("leaves the manifest of an archive that has become visible since the listing", async () => {
    const saved = await fiveDays();
    await age();
    const path = join(folder.path, "consul-6.snap");
    const late: Store = {
      ...store,
      async *list(prefix) {
        for await (const object of store.list(prefix)) if (object.key !== path) yield object;
      },
    };
    await pruneAfter(late, template, saved, { keepLast: 9 });
    expect(await entries()).to.include(manifestKey("consul-6.snap"));
  });

  it("shows a name that others have written on one line", async () => {
    await keep("consul-0\n  kept nothing.snap", { takenAt: daysAgo(9), index: 1 });
    const { said } = await pruneAfter(store, template, await fiveDays(), { keepLast: 5 });
    expect(said.info.join()).to.include("consul-0 kept nothing.snap");
  });

  it("removes nothing after a save that is not restorable, and says so", async () => {
    await fiveDays();
    const restorable = { ok: false, consulVersion: "1.13.9", basis: "tried" as const, reasons: ["no"] };
    const saved = await keep("consul-9.snap", { takenAt: daysAgo(0), index: 9, restorable });
    const { pruned, said } = await pruneAfter(store, template, saved, { keepLast: 1 });
    expect(pruned).to.include({ kept: 6, removed: 0 });
    expect(said.warn.join()).to.include("nothing was removed: the new archive is not restorable");
  });

  it("hashes the archives that stay before others are removed for their sake, once", async () => {
    const saved = await fiveDays();
    const readArchives = ({ asked }: Awaited<ReturnType<typeof pruneAfter>>) =>
      asked.filter(({ method, key }) => method === "read" && key.endsWith(".snap")).map(({ key }) => basename(key));
    const first = await pruneAfter(store, template, saved, { keepLast: 3 });
    expect(readArchives(first)).to.have.members(["consul-7.snap", "consul-6.snap"]);
    const next = await keep("consul-9.snap", { takenAt: daysAgo(0), index: 9 });
    const second = await pruneAfter(store, template, next, { keepLast: 2 });
    expect(second.pruned).to.deep.equal({ kept: 2, removed: 2 });
    expect(readArchives(second)).to.deep.equal([]);
  });

  it("lets forged archives of any number push out none", async () => {
    const saved = await fiveDays();
    for (let at = 0; at < 40; at += 1) {
      const takenAt = new Date(daysAgo(1).getTime() - at * 1000);
      await keep(`consul-junk-${at}.snap`, { takenAt, index: 8, storedSha256: "0".repeat(64) });
    }
    const { pruned, said } = await pruneAfter(store, template, saved, { keepLast: 5 });
    expect(pruned?.removed).to.equal(0);
    expect(said.warn.join()).to.include("is not the archive that its manifest describes");
    for (const index of [4, 5, 6, 7, 8]) expect(await archivesThere()).to.include(`consul-${index}.snap`);
  });

  it("removes nothing when archives have appeared that no run has saved, and prints what removes them", async () => {
    const saved = await fiveDays();
    await pruneAfter(store, template, saved, { keepLast: 5 });
    // Each is what its manifest says: whoever may add objects can write a whole archive.
    for (let at = 0; at < 4; at += 1) {
      await keep(`consul-new-${at}.snap`, { takenAt: new Date(daysAgo(1).getTime() + at + 1), index: 8 });
    }
    const next = await keep("consul-9.snap", { takenAt: daysAgo(0), index: 9 });
    const { pruned, said } = await pruneAfter(store, template, next, { keepLast: 5 });
    expect(pruned).to.include({ kept: 10, removed: 0 });
    expect(pruned?.refusal).to.be.a("string");
    expect(said.warn.join())
      .to.include("4 archives of this series have appeared that none of its runs has saved")
      .and.to.include(`consul-snapshot prune '${template}' --series '${SERIES}' --keep-last 5`);
    const again = await pruneAfter(store, template, next, { keepLast: 5 });
    expect(again.pruned).to.include({ kept: 10, removed: 0 });
  });

  it("removes no more than what was added since explains, makes progress, and follows a new policy", async () => {
    const saved = await fiveDays();
    await pruneAfter(store, template, saved, { keepWithinMs: 30 * 24 * 3600_000 });
    const far = await keep("consul-9.snap", { takenAt: new Date(NOW.getTime() - 1000), index: 9 });
    const late = { keepWithinMs: 30 * 24 * 3600_000 };
    const { pruned, said } = await pruneAfter(store, template, far, late);
    expect(pruned).to.deep.equal({ kept: 6, removed: 0 });
    expect(said.warn.join()).to.equal("");
    const changed = await pruneAfter(store, template, far, { keepLast: 1 });
    expect(changed.pruned).to.deep.equal({ kept: 1, removed: 5 });
  });

  it("removes nothing when one run would remove all that there was", async () => {
    for (const day of [64, 63, 62])
      await keep(`consul-${9 - day + 60}.snap`, { takenAt: daysAgo(day), index: 70 - day });
    const policy = { keepWithinMs: 30 * 24 * 3600_000 };
    await pruneAfter(store, template, await keep("consul-8.snap", { takenAt: daysAgo(61), index: 9 }), policy);
    const late = await keep("consul-9.snap", { takenAt: daysAgo(1), index: 10 });
    const { pruned, said } = await pruneAfter(store, template, late, policy);
    expect(pruned).to.include({ kept: 5, removed: 0 });
    expect(pruned?.refusal).to.be.a("string");
    expect(said.warn.join())
      .to.include("4 archives would be removed, and what has been added since the last run explains 2")
      .and.to.include("--keep-within 30d");
  });

  it("does not hold against a later run what was too young to be removed", async () => {
    const saved = await fiveDays();
    const spared = await pruneAfter(store, template, saved, { keepLast: 1 }, { sparedMs: 60 * 60 * 1000 });
    expect(spared.pruned).to.deep.equal({ kept: 5, removed: 0 });
    const next = await keep("consul-9.snap", { takenAt: daysAgo(0), index: 9 });
    expect((await pruneAfter(store, template, next, { keepLast: 1 })).pruned).to.deep.equal({ kept: 1, removed: 5 });
  });

  it("by hand removes what a run has not, or says what it would remove", async () => {
    const saved = await fiveDays();
    await pruneAfter(store, template, saved, { keepLast: 5 });
    for (let at = 0; at < 4; at += 1) {
      await keep(`consul-new-${at}.snap`, { takenAt: new Date(daysAgo(1).getTime() + at + 1), index: 8 });
    }
    const counted = ({ kept, removed, left }: PruneReport) => ({
      kept: kept.length,
      removed: removed.length,
      left: left.length,
    });
    const said: string[] = [];
    const reporter = {
      signal: new AbortController().signal,
      status: () => undefined,
      info: (message: string) => said.push(message),
      warn: (message: string) => said.push(message),
    };
    const place = {
      ...{ store, template, series: SERIES, policy: { keepLast: 2 }, now: NOW },
      sparedMs: Number.NEGATIVE_INFINITY,
    };
    expect(counted(await pruneDeliberately(place, true, reporter))).to.deep.equal({ kept: 2, removed: 7, left: 0 });
    expect(said.join()).to.include("would remove");
    expect(await archivesThere()).to.have.length(9);
    expect(counted(await pruneDeliberately(place, false, reporter))).to.deep.equal({ kept: 2, removed: 7, left: 0 });
    expect(await archivesThere()).to.deep.equal(["consul-new-2.snap", "consul-new-3.snap"]);
    for (const wrong of [
      { ...place, policy: {} },
      { ...place, series: "none/of/these/names" },
    ]) {
      expect(await failureOf(pruneDeliberately(wrong, false, reporter))).to.include({ code: "ARGUMENT_INVALID" });
    }
  });

  it("by hand compares with the newest archive that is what its manifest describes, not with a forged one", async () => {
    await fiveDays();
    await keep("consul-9.snap", { takenAt: daysAgo(0), index: 9, storedSha256: "0".repeat(64) });
    const reporter = {
      signal: new AbortController().signal,
      status: () => undefined,
      info: () => undefined,
      warn: () => undefined,
    };
    const place = {
      ...{ store, template, series: SERIES, policy: { keepLast: 1 }, now: NOW },
      sparedMs: Number.NEGATIVE_INFINITY,
    };
    await pruneDeliberately(place, false, reporter);
    expect(await archivesThere()).to.deep.equal(["consul-8.snap", "consul-9.snap"]);
  });

  it("that finds every manifest changed since the listing warns: nothing would ever be removed", async () => {
    const saved = await fiveDays();
    const moody: Store = {
      ...store,
      read: (key, options) => (key.endsWith(".retention.json") ? store.read(key, options) : failing("STORE_CHANGED")),
    };
    const { said } = await pruneAfter(moody, template, saved, { keepLast: 1 });
    expect(said.warn.join()).to.match(/all 4 manifests that may be of this series had changed/);
  });

  it("keeps no more of a listing in memory than may be of the series", async () => {
    const saved = await fiveDays();
    let most = 0;
    const before = process.memoryUsage().heapUsed;
    const crowded: Store = {
      ...store,
      async *list(prefix) {
        for (let at = 0; at < 300_000; at += 1) {
          yield { key: `${folder.path}/a-${String(at).padStart(7, "0")}.snap`, size: 1, version: "v", modified: NOW };
          if (at % 100_000 === 99_999) {
            global.gc?.();
            most = Math.max(most, process.memoryUsage().heapUsed - before);
          }
        }
        yield* store.list(prefix);
      },
    };
    const { pruned } = await pruneAfter(crowded, template, saved, { keepLast: 2 });
    expect(pruned?.removed).to.equal(3);
    expect(most).to.be.below(60e6);
  });

  async function age(): Promise<void> {
    const anHourAgo = new Date(NOW.getTime() - 60 * 60 * 1000);
    for (const name of await readdir(folder.path)) {
      if (name.endsWith(manifestKey(""))) await utimes(join(folder.path, name), anHourAgo, anHourAgo);
    }
  }
});

function refusing(store: Store, code: SnapshotError["code"], when: (key: string) => boolean): Store {
  return {
    ...store,
    delete: (key, options) =>
      when(key) ? Promise.reject(new SnapshotError(code, `${key} refused`, "A hint.")) : store.delete(key, options),
  };
}

// eslint-disable-next-line @typescript-eslint/require-await -- what a store gives is an async iterable
async function* failing(code: SnapshotError["code"]): AsyncGenerator<never> {
  throw new SnapshotError(code, "the store failed", "A hint.");
}
