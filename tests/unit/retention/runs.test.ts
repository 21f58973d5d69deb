/** What the runs of a series know of each other, and of what is there. */

import { mkdir, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { SnapshotError } from "../../../provider/errors";
import { Ledger } from "../../../provider/retention/ledger";
import { pruneDeliberately } from "../../../provider/retention/prune";
import { fileStore } from "../../../provider/store/file/store";
import { memoryBackend } from "../../../provider/store/memory/backend";
import type { Store } from "../../../provider/store/store";
import { type About, daysAgo, keepAt, NOW, pruneAfter, SERIES } from "../../support/archives/prunedArchives";
import { temporaryFolder } from "../../support/programs/saving";

describe("a run of retention", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let template: string;
  const store = fileStore();
  beforeEach(async () => {
    folder = await temporaryFolder();
    template = join(folder.path, "consul-{index}.snap");
  });
  afterEach(() => folder.remove());

  const keep = (name: string, about: About) => keepAt(store, join(folder.path, name), about);
  /** A template that no name begins with: what lies in folders below is listed, too. */
  const withBelow = (): string => join(folder.path, "{index}.snap");
  const archivesThere = async () => (await readdir(folder.path)).filter((name) => name.endsWith(".snap")).sort();

  async function fiveDays() {
    for (const day of [5, 4, 3, 2]) await keep(`consul-${9 - day}.snap`, { takenAt: daysAgo(day), index: 9 - day });
    return keep("consul-8.snap", { takenAt: daysAgo(1), index: 8 });
  }

  it("goes on by itself after any number of runs that removed nothing", async () => {
    await pruneAfter(store, template, await fiveDays(), { keepLast: 5 });
    for (let index = 9; index < 15; index += 1) {
      const takenAt = new Date(daysAgo(1).getTime() + index * 1000);
      const useless = await keep(`consul-${index}.snap`, {
        takenAt,
        index,
        restorable: { ok: false, consulVersion: "1.14.11", basis: "tried", reasons: ["broken"] },
      });
      const { pruned } = await pruneAfter(store, template, useless, { keepLast: 5 });
      expect(pruned?.refusal).to.include("is not restorable");
    }
    const next = await keep("consul-15.snap", { takenAt: daysAgo(0), index: 15 });
    const { pruned, said } = await pruneAfter(store, template, next, { keepLast: 5 });
    expect(said.warn).to.deep.equal([]);
    expect(pruned).to.deep.equal({ kept: 5, removed: 7 });
  });

  it("knows the archives of runs whose listing failed", async () => {
    await pruneAfter(store, template, await fiveDays(), { keepLast: 5 });
    const broken: Store = {
      ...store,
      list: () => {
        throw new SnapshotError("STORE_UNREACHABLE", "the store is down", "Try again.");
      },
    };
    for (let index = 9; index < 14; index += 1) {
      const takenAt = new Date(daysAgo(1).getTime() + index * 1000);
      const { said } = await pruneAfter(broken, template, await keep(`consul-${index}.snap`, { takenAt, index }), {
        keepLast: 5,
      });
      expect(said.warn.join()).to.include("the store is down");
    }
    const next = await keep("consul-14.snap", { takenAt: daysAgo(0), index: 14 });
    expect((await pruneAfter(store, template, next, { keepLast: 5 })).pruned).to.deep.equal({ kept: 5, removed: 6 });
  });

  it("goes on where a series has more archives than its record has room for, and still counts those that appear", async () => {
    const location = memoryBackend.parse("runs/full/{index}.snap");
    const memory = await memoryBackend.open(location, 1000);
    // The longer the names, the fewer are needed.
    const keepOne = (index: number) =>
      keepAt(memory, `full/${"x".repeat(3900)}${index}.snap`, {
        takenAt: new Date(daysAgo(1).getTime() + index),
        index,
      });
    const COUNT = 300;
    for (let index = 1; index < COUNT; index++) await keepOne(index);
    const policy = { keepLast: COUNT };
    const run = async (index: number) => pruneAfter(memory, location.key, await keepOne(index), policy);
    expect(await run(COUNT)).to.deep.include({ pruned: { kept: COUNT, removed: 0 } });
    const ledger = await Ledger.read(memory, location.key, SERIES, new AbortController().signal);
    expect(ledger.exists && ledger.unlisted)
      .to.be.above(0)
      .and.to.be.below(COUNT / 2);
    for (const index of [COUNT + 1, COUNT + 2]) {
      const { pruned, said } = await run(index);
      expect(pruned).to.deep.equal({ kept: COUNT, removed: 1 });
      expect(said.warn).to.deep.equal([]);
    }
    for (let index = COUNT + 3; index < COUNT + 7; index++) await keepOne(index);
    expect((await run(COUNT + 7)).pruned?.refusal).to.include("4 archives of this series have appeared");
  });

  it("neither counts nor removes copies that were set aside in a folder below, also in a folder that was moved", async () => {
    for (const isMoved of [false, true]) {
      await mkdir(join(folder.path, "aside"), { recursive: true });
      const saved = await fiveDays();
      for (const index of [4, 5, 6, 7]) {
        const name = `consul-${index}.snap`;
        const location = join(isMoved ? "/elsewhere" : folder.path, name);
        const about = { takenAt: daysAgo(9 - index), index, location };
        await keep(name, about);
        await keep(`aside/${name}`, about);
      }
      const { pruned } = await pruneAfter(store, withBelow(), saved, { keepLast: 2 });
      expect(pruned).to.deep.equal({ kept: 2, removed: 3 });
      expect(await archivesThere()).to.deep.equal(["consul-7.snap", "consul-8.snap"]);
      expect(await readdir(join(folder.path, "aside"))).to.have.length(8);
      await rm(folder.path, { recursive: true });
      await mkdir(folder.path);
    }
  });

  it("neither counts nor removes a copy of what a new archive of the same name has replaced", async () => {
    await mkdir(join(folder.path, "aside"));
    const location = join(folder.path, "consul-8.snap");
    await keep("aside/consul-8.snap", { takenAt: daysAgo(2), index: 8, location });
    const saved = await keep("consul-8.snap", { takenAt: daysAgo(1), index: 8 });
    const { pruned } = await pruneAfter(store, withBelow(), saved, { keepLast: 1 });
    expect(pruned).to.deep.equal({ kept: 1, removed: 0 });
    expect(await readdir(join(folder.path, "aside"))).to.have.length(2);
  });

  it("leaves the archives of another target of the series in a folder below, and says so", async () => {
    const below = join(folder.path, "consul-daily");
    await mkdir(below);
    for (const index of [4, 5]) await keep(`consul-daily/consul-${index}.snap`, { takenAt: daysAgo(9 - index), index });
    const daily = await keep("consul-daily/consul-6.snap", { takenAt: daysAgo(3), index: 6 });
    await pruneAfter(store, join(below, "consul-{index}.snap"), daily, { keepLast: 30 });
    await keep("consul-7.snap", { takenAt: daysAgo(2), index: 7 });
    const saved = await keep("consul-8.snap", { takenAt: daysAgo(1), index: 8 });
    const { pruned, said } = await pruneAfter(store, template, saved, { keepLast: 1 });
    expect(pruned).to.deep.equal({ kept: 1, removed: 1 });
    expect(said.info.join()).to.include(
      "left 3 of this series in folders below, which have a record of another target",
    );
    expect((await readdir(below)).filter((name) => name.endsWith(".snap"))).to.have.length(3);
    // A template with folders has its own archives there, whoever puts a record beside them.
    const withFolders = join(folder.path, "consul-{name}/consul-{index}.snap");
    const next = await keep("consul-daily/consul-9.snap", { takenAt: daysAgo(0), index: 9 });
    const { said: then } = await pruneAfter(store, withFolders, next, { keepLast: 30 });
    expect(then.info.join()).to.include("kept 5, removed 0").and.not.include("another target");
  });

  it("tells archives apart in a folder whose name contains a question mark", async () => {
    const odd = join(folder.path, "what?");
    await mkdir(odd);
    for (const index of [5, 6, 7]) await keep(`what?/consul-${index}.snap`, { takenAt: daysAgo(9 - index), index });
    const saved = await keep("what?/consul-8.snap", { takenAt: daysAgo(1), index: 8 });
    const { pruned } = await pruneAfter(store, join(odd, "consul-{index}.snap"), saved, { keepLast: 2 });
    expect(pruned).to.deep.equal({ kept: 2, removed: 2 });
  });

  it("leaves a folder that is named like an archive, and the manifest beside it", async () => {
    const saved = await fiveDays();
    const folderAt = join(folder.path, "consul-4.snap");
    await rm(folderAt);
    await mkdir(folderAt);
    const { pruned } = await pruneAfter(store, template, saved, { keepLast: 1 });
    expect(pruned).to.deep.equal({ kept: 1, removed: 3 });
    expect(await readdir(folder.path)).to.include.members(["consul-4.snap", "consul-4.snap.manifest.json"]);
  });

  it("never removes what was written over an archive since it was saved, and removes what was only copied", async () => {
    for (const index of [4, 5, 6, 7]) await keep(`consul-${index}.snap`, { takenAt: daysAgo(9 - index), index });
    const saved = await keep("consul-8.snap", { takenAt: daysAgo(1), index: 8 });
    await pruneAfter(store, template, saved, { keepLast: 5 });
    const [altered, copied] = [join(folder.path, "consul-4.snap"), join(folder.path, "consul-5.snap")];
    await writeFile(altered, "x".repeat((await stat(altered)).size));
    await utimes(copied, daysAgo(30), daysAgo(30));
    for (let run = 0; run < 3; run++) {
      const { said } = await pruneAfter(store, template, saved, { keepLast: 2 });
      expect(said.warn.join(), `run ${run}`).to.include(`${altered} has changed`);
      expect(await archivesThere()).to.deep.equal(["consul-4.snap", "consul-7.snap", "consul-8.snap"]);
    }
  });

  it("removes nothing where the record of earlier runs is missing, until a person prunes", async () => {
    const policy = { keepLast: 2 };
    for (const day of [9, 8, 7, 6]) {
      const saved = await keep(`consul-${9 - day}.snap`, { takenAt: daysAgo(day), index: 9 - day, retention: true });
      await pruneAfter(store, template, saved, { keepLast: 9 });
    }
    // Whoever may delete or overwrite objects could release the brake, and displace archives with others.
    const records = (await readdir(folder.path)).filter((name) => name.endsWith(".retention.json"));
    expect(records).to.have.length(1);
    for (const damage of [(path: string) => writeFile(path, "{}"), (path: string) => rm(path, { force: true })]) {
      await damage(join(folder.path, records[0] ?? ""));
      for (const index of [10, 11]) {
        const next = await keep(`consul-${index}.snap`, { takenAt: daysAgo(3 - (index - 10)), index, retention: true });
        const { pruned, said } = await pruneAfter(store, template, next, policy);
        expect(pruned?.removed).to.equal(0);
        expect(said.warn.join())
          .to.match(/nothing was removed: the record .* is missing, and \d archives of the series are there/)
          .and.include(`--series '${SERIES}' --keep-last 2`);
      }
    }
    expect(await archivesThere()).to.have.length(6);
    const reporter = { signal: new AbortController().signal, status: () => {}, info: () => {}, warn: () => {} };
    const place = { store, template, policy, series: SERIES, now: new Date(), sparedMs: Number.NEGATIVE_INFINITY };
    await pruneDeliberately(place, false, reporter);
    expect(await archivesThere()).to.deep.equal(["consul-10.snap", "consul-11.snap"]);
    const last = await keep("consul-12.snap", { takenAt: daysAgo(1), index: 12, retention: true });
    expect((await pruneAfter(store, template, last, policy)).pruned).to.deep.equal({ kept: 2, removed: 1 });
  });

  it("hands its signal to each request for its record: a store need not answer an interrupted run", async () => {
    const { signal } = new AbortController();
    const seen: [string, AbortSignal | undefined][] = [];
    const watched: Store = {
      ...store,
      head: (key, options) => (seen.push([key, options?.signal]), store.head(key, options)),
      read: (key, options) => (seen.push([key, options?.signal]), store.read(key, options)),
      put: (key, source, options) => (seen.push([key, options?.signal]), store.put(key, source, options)),
    };
    for (const saved of [await fiveDays(), await keep("consul-9.snap", { takenAt: daysAgo(0), index: 9 })]) {
      await pruneAfter(watched, template, saved, { keepLast: 2 }, { signal });
    }
    const signals = seen.filter(([key]) => key.endsWith(".retention.json")).map(([, passed]) => passed);
    expect(signals).to.have.length.above(4);
    expect(new Set(signals)).to.deep.equal(new Set([signal]));
  });

  it("makes a new record where a killed first run, or an earlier version, has left none", async () => {
    await keep("consul-7.snap", { takenAt: daysAgo(2), index: 7, retention: true });
    const after = await keep("consul-8.snap", { takenAt: daysAgo(1), index: 8, retention: true });
    expect((await pruneAfter(store, template, after, { keepLast: 1 })).pruned).to.deep.equal({ kept: 1, removed: 1 });
    await rm(folder.path, { recursive: true });
    await mkdir(folder.path);
    const pruned = await pruneAfter(store, template, await fiveDays(), { keepLast: 1 });
    expect(pruned.pruned).to.deep.equal({ kept: 1, removed: 4 });
  });

  it("counts apart those that are there and of no use", async () => {
    await keep("consul-3.snap", { takenAt: daysAgo(9), index: 3, storedSha256: "0".repeat(64) });
    const unusable = { ok: false, consulVersion: "1.14.11", basis: "tried", reasons: ["broken"] } as const;
    await keep("consul-4.snap", { takenAt: daysAgo(5), index: 4, restorable: unusable });
    const saved = await keep("consul-8.snap", { takenAt: daysAgo(1), index: 8 });
    const { pruned } = await pruneAfter(store, template, saved, { keepLast: 2 });
    expect(pruned).to.deep.equal({ kept: 2, removed: 1, unusable: 1 });
  });

  it("leaves an archive that no run has recorded, and reads it before a person removes it", async () => {
    await pruneAfter(store, template, await fiveDays(), { keepLast: 5 });
    // Whoever may add objects can write a manifest for an archive that is not ours.
    await keep("consul-3.snap", { takenAt: daysAgo(9), index: 3, storedSha256: "0".repeat(64) });
    const next = await keep("consul-9.snap", { takenAt: daysAgo(0), index: 9 });
    const { said } = await pruneAfter(store, template, next, { keepLast: 5 });
    expect(said.warn.join()).to.include("consul-3.snap has appeared, and no run has recorded having saved it");
    expect(await archivesThere())
      .to.include("consul-3.snap")
      .and.to.not.include("consul-4.snap");
    const warned: string[] = [];
    const reporter = { signal: new AbortController().signal, status: () => {}, info: () => {} };
    const warn = (message: string) => warned.push(message);
    const place = { store, template, policy: { keepLast: 5 }, series: SERIES, now: NOW };
    const { left } = await pruneDeliberately({ ...place, sparedMs: Number.NEGATIVE_INFINITY }, false, {
      ...reporter,
      warn,
    });
    expect(left).to.have.length(1);
    expect(warned.join()).to.include("could not be removed and stay").and.to.include("consul-3.snap");
    expect(await archivesThere()).to.include("consul-3.snap");
  });
});
