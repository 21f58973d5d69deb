import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { formerToRemove, listNamed, removeFormer } from "../../../agent/formerArchives";
import { fileStore } from "../../../provider/store/file/store";
import { temporaryFolder } from "../../support/programs/saving";

const former = (nanoseconds: bigint) => ({
  nanoseconds,
  object: { key: `consul-${nanoseconds}.snap`, size: 1, version: "1", modified: new Date(0) },
});

describe("archives of HashiCorp's agent", () => {
  interface Case {
    readonly own: readonly bigint[];
    readonly retain: number;
    readonly before?: bigint;
    readonly count?: number;
    readonly unusable?: number;
  }
  const all = [5n, 1n, 3n, 2n, 4n].map(former);
  function removedOf({ own, retain, before = 20n, count = own.length, unusable = 0 }: Case): number[] {
    const removed = formerToRemove({ former: all, own }, { count, unusable }, retain, before);
    return removed.map(({ nanoseconds }) => Number(nanoseconds));
  }

  it("fill up what retain leaves free, the newest first", () => {
    const newer = [20n, 19n, 18n, 17n, 16n, 15n, 14n, 13n, 12n];
    const removed = (count: number, retain: number, before?: bigint) =>
      removedOf({ own: newer.slice(0, count), retain, ...(before === undefined ? {} : { before }) });
    expect(removed(1, 6)).to.deep.equal([]);
    expect(removed(1, 4)).to.deep.equal([2, 1]);
    expect(removed(4, 4)).to.deep.equal([5, 4, 3, 2, 1]);
    expect(removed(9, 4)).to.deep.equal([5, 4, 3, 2, 1]);
    // What is newer than the new archive is another agent's.
    expect(removed(4, 4, 3n)).to.deep.equal([2, 1]);
  });

  it("stay until as many newer archives are there as shall be retained, where the two agents have saved in turns", () => {
    // Only the new one is newer than all of them.
    expect(removedOf({ own: [0n, -1n, -2n, 20n], retain: 4 })).to.deep.equal([2, 1]);
    expect(removedOf({ own: [0n, -1n, -2n, -3n, -4n, -5n, 20n], retain: 6 })).to.deep.equal([]);
    expect(removedOf({ own: [2n, 4n, 20n], retain: 4 })).to.deep.equal([3, 2, 1]);
    // Archives of other clusters and those that cannot be restored take no place.
    expect(removedOf({ own: [20n, 19n, 18n], count: 1, retain: 4 })).to.deep.equal([2, 1]);
    expect(removedOf({ own: [20n, 19n], unusable: 1, retain: 4 })).to.deep.equal([2, 1]);
  });

  it("are those whose whole name fits and that have no manifest; everything else stays", async () => {
    const folder = await temporaryFolder();
    const store = fileStore();
    const { signal } = new AbortController();
    try {
      const names = [
        "consul-1613079399661741730.snap",
        "consul-1613079399661741731.snap",
        "consul-1613079399661741731.snap.manifest.json",
        "consul-1613079399661741733.snap.age",
        "consul-1613079399661741733.snap.age.manifest.json",
        "consul-1613079399661741734.snap.age",
        "consul-1613079399661741732.snap.bak",
        "consul-161307939966174173.snap",
        "consul-dc1.snap",
        "other-1613079399661741730.snap",
      ];
      for (const name of names) await writeFile(join(folder.path, name), "x");
      const { former: found, own } = await listNamed(store, join(folder.path, "consul-{nanoseconds}.snap"), signal);
      expect(found.map(({ object }) => object.key)).to.deep.equal([join(folder.path, names[0]!)]);
      expect(own).to.have.members([1613079399661741731n, 1613079399661741733n]);
      const failure: unknown = await removeFormer(store, found, AbortSignal.abort("SIGTERM")).catch(
        (why: unknown) => why,
      );
      expect(failure).to.equal("SIGTERM");
      expect(await folder.entries()).to.deep.equal([...names].sort());
      expect(await removeFormer(store, found, signal)).to.deep.equal({ removed: 1, left: 0 });
      expect(await folder.entries()).to.deep.equal(names.slice(1).sort());
    } finally {
      store.close();
      await folder.remove();
    }
  });

  it("go two in a run, the oldest first, also where archives that are locked or were changed are older", async () => {
    const folder = await temporaryFolder();
    const store = fileStore();
    const { signal } = new AbortController();
    try {
      const names = [1, 2, 3, 4, 5, 6].map((at) => `consul-161307939966174173${at}.snap`);
      for (const name of names) await writeFile(join(folder.path, name), "x");
      const { former: found } = await listNamed(store, join(folder.path, "consul-{nanoseconds}.snap"), signal);
      const due = formerToRemove({ former: found, own: [] }, { count: 0, unusable: 0 }, 0, 2n ** 63n);
      await writeFile(join(folder.path, names[0]!), "another one");
      expect(await removeFormer(store, due, signal)).to.deep.equal({ removed: 2, left: 3 });
      expect(await folder.entries()).to.deep.equal([names[0], ...names.slice(3)]);
    } finally {
      store.close();
      await folder.remove();
    }
  });
});
