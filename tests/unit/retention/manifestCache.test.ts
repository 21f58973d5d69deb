/** What a process reads again of the manifests at a place, and what it does not. */

import { stat, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect } from "chai";
import { manifestKey } from "../../../provider/catalog/manifest";
import { ManifestCache } from "../../../provider/retention/manifestCache";
import type { Policy } from "../../../provider/retention/policy";
import { fileStore } from "../../../provider/store/file/store";
import { memoryBackend } from "../../../provider/store/memory/backend";
import { readSmallFile } from "../../../provider/store/smallObject";
import type { Store } from "../../../provider/store/store";
import {
  type About,
  type Asked,
  daysAgo,
  keepAt,
  pruneAfter,
  type PruneOptions,
  type Saved,
  SERIES,
} from "../../support/archives/prunedArchives";
import { temporaryFolder } from "../../support/programs/saving";
import { boundStore } from "../../support/stores/boundStore";

/** By this clock, what a test has just written is old enough. */
const LATER = (): number => Date.now() + 60_000;
const LIMITS = { manifests: 100, bytes: 1024 * 1024 };

let buckets = 0;

for (const kind of ["folder", "bucket"] as const) {
  describe(`the manifests in a ${kind} that a process has read`, () => {
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let store: Store;
    let base: string;
    let cache: ManifestCache;
    beforeEach(async () => {
      folder = await temporaryFolder();
      base = kind === "folder" ? `${folder.path}/` : "many/";
      store = kind === "folder" ? fileStore() : await memoryStore();
      cache = new ManifestCache(LIMITS, LATER);
    });
    afterEach(() => folder.remove());

    const keep = (index: number, about: Partial<About> = {}): Promise<Saved> =>
      keepAt(store, keyOf(index), { takenAt: daysAgo(20 - index), index, ...about });
    const keyOf = (index: number): string => `${base}consul-${index}.snap`;
    async function four(): Promise<Saved> {
      for (const index of [1, 2, 3]) await keep(index);
      return keep(4);
    }
    async function prune(saved: Saved, policy: Policy, options: PruneOptions & { through?: Store } = {}) {
      const { through = store, ...more } = options;
      const { asked, ...rest } = await pruneAfter(through, `${base}consul-{index}.snap`, saved, policy, {
        cache,
        ...more,
      });
      return { ...rest, read: manifestsIn(asked) };
    }

    it("are not read again by the next run, and the others are", async () => {
      const saved = await four();
      expect((await prune(saved, { keepLast: 9 })).read).to.deep.equal([1, 2, 3]);
      expect((await prune(saved, { keepLast: 9 })).read).to.deep.equal([]);
      const { pruned, read } = await prune(await keep(5), { keepLast: 9 });
      expect({ pruned, read }).to.deep.equal({ pruned: { kept: 5, removed: 0 }, read: [4] });
    });

    it("are read again before their archives are removed", async () => {
      const saved = await four();
      await prune(saved, { keepLast: 9 });
      const { pruned, read } = await prune(saved, { keepLast: 2 });
      expect({ pruned, read }).to.deep.equal({ pruned: { kept: 2, removed: 2 }, read: [1, 2] });
    });

    it("are read again if they were rewritten, and what they say now counts", async () => {
      const saved = await four();
      await prune(saved, { keepLast: 9 });
      await keep(2, { servers: ["x"] });
      const { pruned, said, read } = await prune(saved, { keepLast: 9 });
      expect({ pruned, read }).to.deep.equal({ pruned: { kept: 3, removed: 0 }, read: [2] });
      expect(said.info.join()).to.include("left 1 of this series, but of another cluster");
      expect((await prune(saved, { keepLast: 9 })).read).to.deep.equal([]);
    });

    it("are forgotten when they are gone", async () => {
      const saved = await four();
      await prune(saved, { keepLast: 9 });
      expect(cache.size.manifests).to.equal(3);
      for (const key of [keyOf(1), manifestKey(keyOf(1))]) await store.delete(key);
      expect((await prune(saved, { keepLast: 9 })).pruned).to.deep.equal({ kept: 3, removed: 0 });
      expect(cache.size.manifests).to.equal(2);
    });

    it("are all read again, and decided on, if one of an archive to remove says something else now", async () => {
      const saved = await four();
      await prune(saved, { keepLast: 9 });
      const strange = manifestKey(keyOf(1));
      const text = Buffer.from((await readSmallFile(store, strange)) ?? []).toString();
      const through = answering(store, strange, text.replace(SERIES, "acme/shop/prod/another"));
      const { pruned, read } = await prune(saved, { keepLast: 2 }, { through });
      expect(pruned).to.deep.equal({ kept: 2, removed: 1 });
      expect(read).to.have.members([1, 2, 1, 2, 3]);
      expect(await store.head(keyOf(1))).to.be.an("object");
      expect(await store.head(keyOf(2))).to.equal(undefined);
    });

    it("are read again before they are removed as orphaned", async () => {
      const saved = await four();
      await prune(saved, { keepLast: 9 });
      await store.delete(keyOf(1));
      await prune(saved, { keepLast: 9 });
      const later = new Date(Date.now() + 60 * 60 * 1000);
      const strange = manifestKey(keyOf(1));
      const through = answering(store, strange, "{}");
      expect((await prune(saved, { keepLast: 9 }, { through, now: later })).read).to.include.members([1, 2, 3]);
      expect(await store.head(strange)).to.be.an("object");
      expect((await prune(saved, { keepLast: 9 }, { now: later })).read).to.deep.equal([]);
      cache = new ManifestCache(LIMITS, LATER);
      await prune(saved, { keepLast: 9 }, { now: later });
      expect(await store.head(strange)).to.equal(undefined);
    });

    it("are remembered up to a number: the first ones stay, run after run", async () => {
      cache = new ManifestCache({ ...LIMITS, manifests: 2 }, LATER);
      const saved = await four();
      await prune(saved, { keepLast: 9 });
      for (let run = 0; run < 3; run++) {
        expect((await prune(saved, { keepLast: 9 })).read, `run ${run}`).to.have.length(1);
        expect(cache.size.manifests).to.equal(2);
      }
    });

    it("are remembered up to a size, however much they say", async () => {
      cache = new ManifestCache({ ...LIMITS, bytes: 50_000 }, LATER);
      for (const index of [1, 2, 3]) await keep(index, { servers: Array.from({ length: 2000 }, (_, at) => `s${at}`) });
      await keep(4, { location: `/${"€".repeat(4000)}/consul-4.snap` });
      const saved = await keep(5);
      await prune(saved, { keepLast: 9 });
      expect(cache.size.manifests).to.be.within(1, 3);
      expect(cache.size.bytes).to.be.within(16_000, 50_000);
    });

    it("belong to their series and place, and those that were not listed for the longest go first", async () => {
      cache = new ManifestCache({ ...LIMITS, manifests: 5 }, LATER);
      const saved = await four();
      const rival = { series: "rival/shop/prod/backup" };
      await keep(5, rival);
      const ofRival = await keep(6, rival);
      const both = [saved, ofRival] as const;
      for (const each of both) await prune(each, { keepLast: 9 });
      expect(cache.size.manifests).to.equal(4);
      for (const each of both) expect((await prune(each, { keepLast: 9 })).read).to.deep.equal([]);
      const other = { series: "third/shop/prod/backup" };
      for (const index of [7, 8]) await keep(index, other);
      await prune(await keep(9, other), { keepLast: 9 });
      expect(cache.size.manifests).to.equal(3);
      expect((await prune(ofRival, { keepLast: 9 })).read).to.deep.equal([]);
      expect((await prune(saved, { keepLast: 9 })).read).to.deep.equal([1, 2, 3]);
    });

    it("are read again at another address, where the same names and versions may be", async () => {
      const saved = await four();
      await prune(saved, { keepLast: 9 });
      const elsewhere = { ...store, locate: (key: string) => `s3://bucket/${key}?endpoint=other` };
      expect((await prune(saved, { keepLast: 9 }, { through: elsewhere })).read).to.deep.equal([1, 2, 3]);
      expect((await prune(saved, { keepLast: 9 })).read).to.deep.equal([]);
    });

    it("are not remembered where the store lists no versions", async () => {
      const saved = await four();
      const through: Store = {
        ...store,
        async *list(prefix) {
          for await (const object of store.list(prefix)) yield { ...object, version: '""' };
        },
        read: (key) => store.read(key),
      };
      for (let run = 0; run < 2; run++) {
        expect((await prune(saved, { keepLast: 9 }, { through })).read).to.deep.equal([1, 2, 3]);
      }
      expect(cache.size.manifests).to.equal(0);
    });
  });
}

describe("a manifest in a folder", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const store = fileStore();
  let saved: Saved;
  beforeEach(async () => {
    folder = await temporaryFolder();
    await keepAt(store, join(folder.path, "consul-1.snap"), { takenAt: daysAgo(2), index: 1 });
    saved = await keepAt(store, join(folder.path, "consul-2.snap"), { takenAt: daysAgo(1), index: 2 });
  });
  afterEach(() => folder.remove());
  const run = (cache: ManifestCache) =>
    pruneAfter(store, join(folder.path, "consul-{index}.snap"), saved, { keepLast: 9 }, { cache });

  it("is read again if it was rewritten with the same size and the same times", async () => {
    const path = manifestKey(join(folder.path, "consul-1.snap"));
    const past = daysAgo(1);
    await utimes(path, past, past);
    const cache = new ManifestCache(LIMITS, LATER);
    await run(cache);
    expect(manifestsIn((await run(cache)).asked)).to.deep.equal([]);
    const [before, changed] = [await store.head(path), (await stat(path)).ctimeMs];
    const text = Buffer.from((await readSmallFile(store, path)) ?? []).toString();
    // The clock of a file system goes in steps.
    do {
      await writeFile(path, text.replace('"a"', '"x"').replace('"b"', '"y"').replace('"c"', '"z"'));
      await utimes(path, past, past);
    } while ((await stat(path)).ctimeMs === changed);
    const after = await store.head(path);
    expect([after?.version, after?.size]).to.deep.equal([before?.version, before?.size]);
    const { said, asked } = await run(cache);
    expect(manifestsIn(asked)).to.deep.equal([1]);
    expect(said.info.join()).to.include("left 1 of this series, but of another cluster");
  });

  it("is not remembered in the seconds in which another change could leave its times the same", async () => {
    const path = manifestKey(join(folder.path, "consul-1.snap"));
    const { ctimeMs } = await stat(path);
    for (const [ageMs, read] of [
      [1000, [1]],
      [3000, []],
    ] as const) {
      const cache = new ManifestCache(LIMITS, () => ctimeMs + ageMs);
      await run(cache);
      expect(manifestsIn((await run(cache)).asked), `${ageMs} ms`).to.deep.equal(read);
    }
  });
});

/** Each its own bucket, whose methods a test can replace. */
async function memoryStore(): Promise<Store> {
  return boundStore(await memoryBackend.open(memoryBackend.parse(`cache${++buckets}/x`), 1000));
}

/** The numbers of the archives whose manifests were read, in their order. */
function manifestsIn(asked: readonly Asked[]): number[] {
  return asked
    .filter(({ method, key }) => method === "read" && key.endsWith(manifestKey("")))
    .map(({ key }) => Number(/^consul-(\d+)\./.exec(basename(key))?.[1]))
    .sort((a, b) => a - b);
}

/** The store, as if somebody had rewritten one object so that its size, version and times are the same. */
function answering(store: Store, rewritten: string, text: string): Store {
  return { ...store, read: (key, options) => (key === rewritten ? once(text) : store.read(key, options)) };
}

// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
