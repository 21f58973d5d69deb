import { expect } from "chai";
import { join } from "node:path";
import { mkdir, writeFile } from "node:fs/promises";
import { type Listed, listPlace } from "../../../provider/catalog/list";
import { manifestKey } from "../../../provider/catalog/manifest";
import { fileStore } from "../../../provider/store/file/store";
import type { Store, StoredObject } from "../../../provider/store/store";
import { daysAgo, keepAt } from "../../support/archives/prunedArchives";
import { temporaryFolder } from "../../support/programs/saving";

const signal = new AbortController().signal;

async function all(store: Store, prefix: string, withAll: boolean): Promise<string[]> {
  const found: string[] = [];
  for await (const listed of listPlace(store, prefix, signal, withAll)) {
    found.push(`${listed.kind} ${listed.key.slice(prefix.length)}${suffixOf(listed)}`);
  }
  return found.sort();
}

function suffixOf(listed: Listed): string {
  if (listed.kind === "archive") return listed.intact ? "" : " altered";
  return listed.kind === "noManifest" && listed.unreadableManifest ? " unreadable" : "";
}

/** The same objects, listed in the order of their names, as buckets do, or against it. */
function ordered(store: Store, direction: 1 | -1): Store {
  return {
    ...store,
    async *list(prefix) {
      const objects: StoredObject[] = [];
      for await (const object of store.list(prefix)) objects.push(object);
      yield* objects.sort((a, b) => (a.key < b.key ? -direction : direction));
    },
  };
}

describe("the list of a place", () => {
  it("tells archives, orphaned manifests and objects without one apart, in whichever order the store lists", async () => {
    const folder = await temporaryFolder();
    try {
      const prefix = `${folder.path}/`;
      const store = fileStore();
      const at = (name: string): string => join(folder.path, name);
      for (const name of ["a.snap", "a.snap.old", "sub/b.snap"])
        await keepAt(store, at(name), { takenAt: daysAgo(1), index: 1 });
      await keepAt(store, at("orphan.snap"), { takenAt: daysAgo(1), index: 1 });
      await store.delete(at("orphan.snap"));
      await keepAt(store, at("cut.snap"), { takenAt: daysAgo(1), index: 1 });
      await writeFile(at("cut.snap"), "x");
      await keepAt(store, at("bad.snap"), { takenAt: daysAgo(1), index: 1 });
      await writeFile(manifestKey(at("bad.snap")), "{}");
      for (const name of ["README", "a.sna", "x.snap"]) await writeFile(at(name), "x");
      await writeFile(at("consul-restore-1-2.receipt.json"), "{}");
      await writeFile(at(".consul-snapshot-0123456789abcdef.retention.json"), "{}");
      const known = [
        "archive a.snap",
        "archive a.snap.old",
        "archive cut.snap altered",
        "archive sub/b.snap",
        "noManifest bad.snap unreadable",
        "orphan orphan.snap",
      ];
      const others = ["noManifest README", "noManifest a.sna", "noManifest x.snap"];
      for (const listing of [store, ordered(store, 1), ordered(store, -1)]) {
        expect(await all(listing, prefix, false)).to.deep.equal(known);
        expect(await all(listing, prefix, true)).to.deep.equal([...known, ...others].sort());
      }
    } finally {
      await folder.remove();
    }
  });

  it("takes a manifest for that of an archive only, not of a folder or of nothing", async () => {
    const folder = await temporaryFolder();
    try {
      const store = fileStore();
      await keepAt(store, join(folder.path, "sub", "b.snap"), { takenAt: daysAgo(1), index: 1 });
      for (const name of [".manifest.json", "sub.manifest.json"]) await writeFile(join(folder.path, name), "{}");
      const known = ["archive sub/b.snap", "orphan sub"];
      for (const listing of [store, ordered(store, 1), ordered(store, -1)]) {
        expect(await all(listing, `${folder.path}/`, false)).to.deep.equal(known);
        expect(await all(listing, `${folder.path}/`, true)).to.deep.equal(
          [...known, "noManifest .manifest.json"].sort(),
        );
      }
    } finally {
      await folder.remove();
    }
  });

  it("lists a file beside a folder that is named like its manifest, and one whose manifest's name would be too long", async () => {
    const folder = await temporaryFolder();
    try {
      const long = "l".repeat(250);
      for (const name of ["a.snap", long]) await writeFile(join(folder.path, name), "x");
      await mkdir(join(folder.path, "a.snap.manifest.json"));
      const found = await all(fileStore(), `${folder.path}/`, true);
      expect(found).to.deep.equal(["noManifest a.snap", `noManifest ${long}`]);
    } finally {
      await folder.remove();
    }
  });

  it("holds a few objects at a time, however many there are", async () => {
    const COUNT = 100_000;
    let listed = 0;
    let taken = 0;
    let most = 0;
    const object = (key: string): StoredObject => ({ key, size: 1, version: "1", modified: new Date() });
    const store: Store = {
      ...fileStore(),
      async *list() {
        for (; listed < COUNT; listed++) {
          most = Math.max(most, listed - taken);
          yield await Promise.resolve(object(`b/${String(listed).padStart(6, "0")}`));
        }
      },
      head: (key) => Promise.resolve(key.endsWith(".manifest.json") ? undefined : object(key)),
    };
    for await (const each of listPlace(store, "b/", signal, true)) if (each.kind === "noManifest") taken++;
    expect({ listed, taken }).to.deep.equal({ listed: COUNT, taken: COUNT });
    expect(most).to.be.lessThan(100);
  });
});
