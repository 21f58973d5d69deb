/** Archives that no run has recorded: whoever may add objects can add one that is what its manifest says. */

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { SnapshotError } from "../../../provider/errors";
import { Ledger } from "../../../provider/retention/ledger";
import type { Policy } from "../../../provider/retention/policy";
import { pruneDeliberately } from "../../../provider/retention/prune";
import { reasonsToKeep } from "../../../provider/retention/reasons";
import { recordArchive } from "../../../provider/retention/recordArchive";
import { fileStore } from "../../../provider/store/file/store";
import type { Store } from "../../../provider/store/store";
import {
  type About,
  daysAgo,
  keepAt,
  makeOld,
  NOW,
  pruneAfter,
  type Saved,
  SERIES,
  sha256Of,
} from "../../support/archives/prunedArchives";
import { temporaryFolder } from "../../support/programs/saving";

describe("retention beside archives that no run has recorded", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let template: string;
  const store = fileStore();
  beforeEach(async () => {
    folder = await temporaryFolder();
    template = join(folder.path, "consul-{index}.snap");
  });
  afterEach(() => folder.remove());

  const { signal } = new AbortController();
  const quiet = { signal, status: () => undefined, info: () => undefined, warn: () => undefined };
  const keep = (name: string, about: About) => keepAt(store, join(folder.path, `consul-${name}.snap`), about);
  const archivesThere = async () =>
    (await readdir(folder.path)).flatMap((name) => (name.endsWith(".snap") ? [name.slice(7, -5)] : [])).sort();
  const placeOf = (policy: Policy) => ({
    ...{ store, template, series: SERIES, policy, now: NOW },
    sparedMs: Number.NEGATIVE_INFINITY,
  });
  const ledger = () => Ledger.read(store, template, SERIES, signal);
  const isOwn = async ({ manifest: { storedSha256 }, stored }: Saved) =>
    (await ledger()).isOwn({ archive: stored, storedSha256 });

  /** One run for each day, the last one a day ago. */
  async function dailyRuns(days: number, policy: Policy): Promise<void> {
    for (let day = days; day >= 1; day--) {
      const saved = await keep(`${100 - day}`, { takenAt: daysAgo(day), index: 100 - day, retention: true });
      await pruneAfter(store, template, saved, policy);
    }
  }

  it("keeps what it would keep without them, however many runs they are added in, and names each once", async () => {
    const policy = { keepLast: 3, keepDaily: 14 };
    await dailyRuns(13, policy);
    const genuine = await archivesThere();
    for (let run = 0; run < 5; run++) {
      for (const day of [1, 2, 3].map((each) => each + run * 3)) {
        // The newest of each day is what a daily rule keeps.
        const takenAt = new Date(daysAgo(day).getTime() + 1);
        await keep(`added-${day}`, { takenAt, index: 100 - day, retention: true });
      }
      await makeOld(folder.path);
      const takenAt = new Date(NOW.getTime() - 60_000 + run * 1000);
      const saved = await keep(`own-${run}`, { takenAt, index: 200 + run, retention: true });
      const { pruned, said } = await pruneAfter(store, template, saved, policy);
      expect(pruned?.refusal, `run ${run}`).to.equal(undefined);
      expect(said.warn.join(), `run ${run}`)
        .to.match(/3 archives of this series, such as \S+added-\d+\.snap, have appeared, and no run has recorded/)
        .and.include(`consul-snapshot prune '${template}' --series '${SERIES}' --keep-last 3 --keep-daily 14`);
      expect(await archivesThere()).to.include.members(genuine);
    }
    const added = (await archivesThere()).filter((name) => name.startsWith("added"));
    expect(added).to.have.length(15);
    // Retention makes progress: what the rules no longer keep of its own is removed.
    for (let run = 5; run < 8; run++) {
      const saved = await keep(`own-${run}`, { takenAt: new Date(NOW.getTime() - 50_000 + run), index: 200 + run });
      const { said } = await pruneAfter(store, template, saved, { keepLast: 2 });
      expect(said.warn).to.deep.equal([]);
    }
    expect(await archivesThere()).to.have.members([...added, "own-6", "own-7"]);
  });

  it("is not stopped by one from the future, or of a higher index", async () => {
    await dailyRuns(3, { keepLast: 2 });
    await keep("future", { takenAt: new Date(NOW.getTime() + 24 * 3600_000), index: 500, retention: true });
    await keep("higher", { takenAt: daysAgo(2), index: 900, retention: true });
    const saved = await keep("own", { takenAt: daysAgo(0), index: 101, retention: true });
    const { pruned } = await pruneAfter(store, template, saved, { keepLast: 2 });
    expect(pruned).to.deep.equal({ kept: 4, removed: 1, unusable: 2 });
    expect(await archivesThere()).to.have.members(["99", "own", "future", "higher"]);
  });

  it("counts what a person says: by hand, and what was adopted or copied", async () => {
    await dailyRuns(3, { keepLast: 3 });
    const killed = await keep("killed", { takenAt: daysAgo(0.5), index: 100, retention: true });
    const next = await keep("next", { takenAt: daysAgo(0.4), index: 101, retention: true });
    await pruneAfter(store, template, next, { keepLast: 3 });
    expect(await archivesThere()).to.have.members(["98", "99", "killed", "next"]);
    expect(await isOwn(killed)).to.be.false;
    const listed = await reasonsToKeep(store, template, SERIES, undefined, NOW, signal);
    expect(listed.get(killed.manifest.location)?.reasons).to.deep.equal([
      "no run has recorded it, so no rule counts it",
    ]);

    const { kept } = await pruneDeliberately(placeOf({ keepLast: 3 }), true, quiet);
    expect(kept.find(({ location }) => location === killed.manifest.location)?.reasons).to.deep.equal([
      "last 2",
      "no run has recorded it",
    ]);
    expect(await isOwn(killed)).to.be.false;
    // status refuses the newest archive where no run has recorded it: what a person then asks names it.
    const newest = await keep("added", { takenAt: daysAgo(0.3), index: 102 });
    const asked = await pruneDeliberately(placeOf({ keepLast: 3 }), true, quiet);
    expect(asked.kept[0]).to.deep.equal({
      location: newest.manifest.location,
      reasons: ["the newest", "last 1", "no run has recorded it"],
    });
    await Promise.all(["", ".manifest.json"].map((suffix) => rm(`${newest.manifest.location}${suffix}`)));
    await pruneDeliberately(placeOf({ keepLast: 3 }), false, quiet);
    expect(await archivesThere()).to.have.members(["99", "killed", "next"]);
    expect(await isOwn(killed)).to.be.true;

    const adopted = await keep("adopted", { takenAt: daysAgo(0.3), index: 102 });
    await recordArchive(store, adopted.stored, adopted.manifest, signal);
    expect(await isOwn(adopted)).to.be.true;
    const last = await keep("own", { takenAt: daysAgo(0), index: 103, retention: true });
    const { pruned, said } = await pruneAfter(store, template, last, { keepLast: 3 });
    expect(said.warn).to.deep.equal([]);
    expect(pruned).to.deep.equal({ kept: 3, removed: 2 });
    expect(await archivesThere()).to.have.members(["next", "adopted", "own"]);
  });

  it("removes later what a person had it count when that was too young to go", async () => {
    const policy = { keepLast: 3 };
    await dailyRuns(3, policy);
    for (let at = 0; at < 5; at++) {
      await keep(`copied-${at}`, { takenAt: daysAgo(0.9 - at / 10), index: 100 + at, retention: true });
    }
    await pruneDeliberately({ ...placeOf(policy), sparedMs: 60 * 60 * 1000 }, false, quiet);
    expect((await archivesThere()).length).to.equal(8);

    const last = await keep("own", { takenAt: daysAgo(0), index: 200, retention: true });
    const { said } = await pruneAfter(store, template, last, policy);
    expect(said.warn).to.deep.equal([]);
    expect(await archivesThere()).to.have.members(["copied-3", "copied-4", "own"]);
  });

  it("counts the archives of all hosts that save into the series, also at the same time", async () => {
    const policy = { keepLast: 4 };
    await dailyRuns(4, policy);
    const other = await keep("other", { takenAt: daysAgo(0.5), index: 101, retention: true });
    const own = await keep("own", { takenAt: daysAgo(0.4), index: 102, retention: true });
    const options = { sparedMs: 60 * 60 * 1000 };
    let looks = 0;
    const shared: Store = {
      ...store,
      // The other host decides and records when this one has decided, and is about to record.
      head: async (key, head) => {
        if (key.endsWith(".retention.json") && ++looks === 2) {
          expect((await pruneAfter(store, template, other, policy, options)).said.warn).to.deep.equal([]);
        }
        return store.head(key, head);
      },
    };
    expect((await pruneAfter(shared, template, own, policy, options)).said.warn).to.deep.equal([]);
    const next = await keep("next", { takenAt: daysAgo(0), index: 103, retention: true });
    const { said } = await pruneAfter(store, template, next, policy);
    expect(looks).to.equal(2);
    expect(said.warn).to.deep.equal([]);
    expect(await isOwn(own)).to.be.true;
    expect(await isOwn(other)).to.be.true;
    expect(await archivesThere()).to.have.members(["99", "other", "own", "next"]);
  });

  it("counts an archive that another host has announced, and that appears after this run has listed what is there", async () => {
    const policy = { keepLast: 3 };
    await dailyRuns(3, policy);
    const key = join(folder.path, "consul-100.snap");
    await (await ledger()).announce(key, sha256Of("an archive"), new Date(), signal);
    const own = await keep("own", { takenAt: daysAgo(0.4), index: 101, retention: true });
    expect((await pruneAfter(store, template, own, policy)).said.warn).to.deep.equal([]);
    // Its host keeps all archives, so it does not record it after the save.
    const other = await keep("100", { takenAt: daysAgo(0.5), index: 100 });
    const next = await keep("next", { takenAt: daysAgo(0), index: 102, retention: true });
    const { pruned, said } = await pruneAfter(store, template, next, policy);
    expect(said.warn).to.deep.equal([]);
    expect(pruned).to.deep.equal({ kept: 3, removed: 2 });
    expect(await isOwn(other)).to.be.true;
    expect(await archivesThere()).to.have.members(["100", "own", "next"]);
  });

  it("says how an archive comes to count whose save could not record it", async () => {
    await dailyRuns(3, { keepLast: 3 });
    const denied = new SnapshotError("STORE_DENIED", "the server refuses it", "Ask for the right.");
    const readOnly: Store = {
      ...store,
      put: (key, ...more) => (key.endsWith(".retention.json") ? Promise.reject(denied) : store.put(key, ...more)),
    };
    for (const [index, policy, rules] of [
      [100, {}, " with the rules of its retention: "],
      [101, { keepLast: 3 }, " --keep-last 3: "],
    ] as const) {
      const takenAt = daysAgo(1 - index / 1000);
      const saved = await keep(`${index}`, { takenAt, index });
      const { said } = await pruneAfter(readOnly, template, { ...saved, unannounced: denied }, policy);
      expect(said.warn.filter((each) => each.includes("may be missing in the record"))).to.deep.equal([
        `retention: ${saved.manifest.location} may be missing in the record of its series, which could not be updated: then it stays, and no rule counts it. To have the rules count what is there, run: consul-snapshot prune '${template}' --series '${SERIES}'${rules}the server refuses it (STORE_DENIED)\nAsk for the right.`,
      ]);
      expect(await isOwn(saved)).to.be.false;
      // What the save could not, the run after it can.
      const { said: later } = await pruneAfter(store, template, { ...saved, unannounced: denied }, policy);
      expect(later.warn).to.deep.equal([]);
      expect(await isOwn(saved)).to.be.true;
    }
  });

  it("does not take an archive for our own that lies under the name of one that was deleted", async () => {
    await dailyRuns(3, { keepLast: 3 });
    await rm(join(folder.path, "consul-98.snap"));
    const added = await keepAt(store, join(folder.path, "consul-98.snap"), {
      ...{ takenAt: daysAgo(2), index: 98, retention: true, storedSha256: "0".repeat(64) },
    });
    expect(await isOwn(added)).to.be.false;
    const saved = await keep("own", { takenAt: daysAgo(0), index: 101, retention: true });
    await pruneAfter(store, template, saved, { keepLast: 3 });
    expect(await archivesThere()).to.have.members(["97", "98", "99", "own"]);
  });
});
