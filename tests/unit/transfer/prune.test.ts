import { getEventListeners } from "node:events";
import { readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { SnapshotError } from "../../../provider/errors";
import { fileStore } from "../../../provider/store/file";
import type { Store } from "../../../provider/store/store";
import { inParallel } from "../../../provider/transfer/inParallel";
import { manifestKey } from "../../../provider/transfer/manifest";
import { mayBelongTo, withMark } from "../../../provider/transfer/seriesMark";
import { temporaryFolder } from "../../support/saving";
import { type About, daysAgo, keepAt, NOW, pruneAfter, SERIES } from "./pruneHarness";

describe("the mark of a series in a manifest's length", () => {
  it("is found again, whatever the text, and the text is the same", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20_000, unit: "grapheme" }), fc.string(), (text, series) => {
        const marked = withMark(text, series);
        expect(marked.startsWith(text)).to.equal(true);
        expect(marked.slice(text.length)).to.match(/^ *\n$/);
        expect(mayBelongTo(series, Buffer.byteLength(marked))).to.equal(true);
      }),
    );
  });

  it("tells the series of 1,000 stacks apart", () => {
    const lengths = Array.from({ length: 1000 }, (_, at) => withMark("{}", `acme/shop/stack-${at}/backup`).length);
    expect(lengths.filter((length) => mayBelongTo(SERIES, length)).length).to.be.below(5);
  });

  it("that is missing leaves it open whose a manifest is", () => {
    expect(mayBelongTo(SERIES, 1500)).to.equal(true);
  });
});

describe("requests several at once", () => {
  const items = Array.from({ length: 50 }, (_, at) => at);

  it("are all made, in order, and no more than eight at once", async () => {
    const begun: number[] = [];
    let running = 0;
    let most = 0;
    await inParallel(items, new AbortController().signal, async (item) => {
      begun.push(item);
      most = Math.max(most, ++running);
      await Promise.resolve();
      running -= 1;
    });
    expect(begun).to.deep.equal(items);
    expect(most).to.equal(8);
  });

  it("end with the first failure: what had begun is awaited, and nothing more is begun", async () => {
    let ended = 0;
    const failure = new Error("the first");
    const thrown: unknown = await inParallel(items, new AbortController().signal, async (item) => {
      if (item === 0) throw failure;
      await new Promise(setImmediate);
      ended += 1;
    }).catch((error: unknown) => error);
    expect(thrown).to.equal(failure);
    expect(ended).to.equal(7);
  });

  it("listen to the signal once, however many there are: Node warns of more than ten", async () => {
    const { signal } = new AbortController();
    const counts: number[] = [];
    await inParallel(items, signal, async () => {
      await Promise.resolve();
      counts.push(getEventListeners(signal, "abort").length);
    });
    expect(Math.max(...counts)).to.equal(1);
  });

  it("end when they are called off", async () => {
    const stop = new AbortController();
    const begun: number[] = [];
    const thrown: unknown = await inParallel(items, stop.signal, async (item) => {
      begun.push(item);
      await Promise.resolve();
      stop.abort();
    }).catch((error: unknown) => error);
    expect(thrown).to.equal(stop.signal.reason);
    expect(begun).to.have.length(8);
  });
});

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
    expect(await folder.entries()).to.deep.equal(
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
    const { pruned, asked } = await pruneAfter(store, template, saved, { keepLast: 5 });
    expect(pruned).to.deep.equal({ kept: 5, removed: 0 });
    expect(
      asked.map(({ method, key }) => (method === "list" ? "list" : key.slice(folder.path.length + 1))).sort(),
    ).to.deep.equal([...[4, 5, 6, 7].map((index) => manifestKey(`consul-${index}.snap`)), "list"]);
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
    expect(pruned).to.deep.equal({ kept: 3, removed: 2 });
    expect(await archivesThere()).to.deep.equal(["consul-6.snap", "consul-7.snap", "consul-8.snap"]);
  });

  it("removes nothing when the index fell, and warns", async () => {
    await fiveDays();
    const saved = await keep("consul-20.snap", { takenAt: daysAgo(0), index: 2 });
    const { pruned, said } = await pruneAfter(store, template, saved, { keepLast: 1 });
    expect(pruned).to.deep.equal({ kept: 6, removed: 0 });
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
    expect(await folder.entries()).to.include.members(["consul-4.snap", manifestKey("consul-4.snap")]);
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
      const after = await folder.entries();
      expect(after).to.include.members(kept);
      for (const name of after.filter((each) => each.endsWith(".snap"))) expect(after).to.include(manifestKey(name));
      expect(pruned?.kept).to.equal((await archivesThere()).length);

      const next = await pruneAfter(store, template, saved, { keepLast: 2 });
      expect(next.said.warn).to.be.empty;
      expect(await folder.entries()).to.deep.equal(kept);
      for (const name of await readdir(folder.path)) await rm(join(folder.path, name));
    }
  });

  it("leaves the manifest of a save that is about to make its archive visible", async () => {
    const saved = await fiveDays();
    await keep("consul-70.snap", { takenAt: daysAgo(1), index: 8 });
    await rm(join(folder.path, "consul-70.snap"));
    await pruneAfter(store, template, saved, { keepLast: 9 }, { now: new Date() });
    expect(await folder.entries()).to.include(manifestKey("consul-70.snap"));
    await age();
    await pruneAfter(store, template, saved, { keepLast: 9 });
    expect(await folder.entries()).not.to.include(manifestKey("consul-70.snap"));
  });

  it("leaves the manifest of another cluster's archive that is gone", async () => {
    const saved = await fiveDays();
    await keep("consul-3.snap", { takenAt: daysAgo(9), index: 3, servers: ["x"] });
    await rm(join(folder.path, "consul-3.snap"));
    await age();
    await pruneAfter(store, template, saved, { keepLast: 9 });
    expect(await folder.entries()).to.include(manifestKey("consul-3.snap"));
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
    expect(await folder.entries()).to.include(manifestKey("consul-6.snap"));
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
