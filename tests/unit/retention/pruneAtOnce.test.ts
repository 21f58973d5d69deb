import { join } from "node:path";
import { expect } from "chai";
import { manifestKey } from "../../../provider/catalog/manifest";
import { pruneDeliberately } from "../../../provider/retention/prune";
import { SnapshotError } from "../../../provider/errors";
import { fileStore } from "../../../provider/store/file/store";
import type { Store } from "../../../provider/store/store";
import { daysAgo, keepAt, NOW, pruneAfter, SERIES } from "../../support/archives/prunedArchives";
import { effort } from "../../support/effort";
import { temporaryFolder } from "../../support/programs/saving";

describe("two who prune one folder by hand at once", () => {
  it("remove what one would remove", async () => {
    const store = fileStore();
    const reporter = {
      signal: new AbortController().signal,
      status: () => undefined,
      info: () => undefined,
      warn: () => undefined,
    };
    for (let round = 0; round < effort.choose(10, 100); round++) {
      const folder = await temporaryFolder();
      try {
        for (const day of [5, 4, 3, 2, 1]) {
          await keepAt(store, join(folder.path, `consul-${day}.snap`), { takenAt: daysAgo(day), index: 9 - day });
        }
        const template = join(folder.path, "consul-{index}.snap");
        const place = { store, template, series: SERIES, policy: { keepLast: 2 }, now: NOW };
        const prune = () => pruneDeliberately({ ...place, sparedMs: Number.NEGATIVE_INFINITY }, false, reporter);
        for (const { kept } of await Promise.all([prune(), prune()])) expect(kept.length).to.equal(2);
        const left = (await folder.entries()).filter((name) => !name.endsWith(".retention.json"));
        expect(left).to.have.members(["consul-1.snap", "consul-2.snap"].flatMap((name) => [name, manifestKey(name)]));
      } finally {
        await folder.remove();
      }
    }
  });

  it("say that only one has recorded what it verified", async () => {
    const folder = await temporaryFolder();
    try {
      const store = fileStore();
      const raced: Store = {
        ...store,
        put: (key, ...rest) =>
          key.endsWith(".retention.json")
            ? Promise.reject(new SnapshotError("STORE_CHANGED", "it has changed", "Look at it before you continue."))
            : store.put(key, ...rest),
      };
      await keepAt(store, join(folder.path, "consul-1.snap"), { takenAt: daysAgo(2), index: 1 });
      const saved = await keepAt(store, join(folder.path, "consul-2.snap"), { takenAt: daysAgo(1), index: 2 });
      const template = join(folder.path, "consul-{index}.snap");
      const { pruned, said } = await pruneAfter(raced, template, saved, { keepLast: 1 });
      expect(pruned).to.deep.equal({ kept: 1, removed: 1 });
      expect(said.info.join()).to.include("another run recorded its own at the same time");
      expect(said.info.join()).to.not.include("Look at it");
    } finally {
      await folder.remove();
    }
  });
});
