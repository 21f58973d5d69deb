import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { ManifestClaim } from "../../../provider/catalog/claim";
import { parseManifest, readManifest } from "../../../provider/catalog/manifest";
import { safeServerId } from "../../../provider/serverId";
import { fileStore } from "../../../provider/store/file/store";
import { manifestOf } from "../../support/archives/manifests";
import { temporaryFolder } from "../../support/programs/saving";

const OF_0_1_0 = "tests/fixtures/state-0.1.0/consul-dc1-20261124T025917Z-7-b577.snap.manifest.json";

describe("a manifest", () => {
  const store = fileStore();
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let archive: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    archive = join(folder.path, "a.snap");
  });
  afterEach(() => folder.remove());

  it("is read back as it was written", async () => {
    await new ManifestClaim(store, archive, false).write(manifestOf(7));
    expect(await readManifest(store, archive)).to.deep.equal(manifestOf(7));
  });

  it("of version 0.1.0 is read, and nothing of it is lost", async () => {
    const bytes = await readFile(OF_0_1_0);
    expect(parseManifest(bytes)).to.deep.equal(JSON.parse(bytes.toString()));
  });

  it("is none where there is none, nor what is not one", async () => {
    expect(await readManifest(store, archive)).to.equal(undefined);
    for (const text of ["", "{", "[]", "null", '{"schema":2}', JSON.stringify({ ...manifestOf(1), index: "1" })]) {
      expect(parseManifest(Buffer.from(text)), text).to.equal(undefined);
    }
  });

  it("shows no control sequence, line break or turned text of somebody who wrote it", () => {
    const evil = "a\u001b[2J\u001b]0;x\u0007\nb\u2028\u202e\u009bc";
    const forged = {
      ...manifestOf(1),
      snapshotId: evil,
      servers: [{ id: evil, address: evil, suffrage: evil }],
      contents: [{ type: evil, count: 1, size: 1 }],
      digests: { [evil]: "0".repeat(64), KVS: evil },
      restorable: { ok: true, consulVersion: "1.13.9", basis: "tried", knownBy: evil, reasons: [evil] },
      writtenBy: evil,
    };
    const clean = "a [2J ]0;x b c";
    expect(safeServerId(evil)).to.match(/^[\w-]+$/);
    expect(parseManifest(Buffer.from(JSON.stringify(forged)))).to.deep.equal({
      ...manifestOf(1),
      snapshotId: clean,
      // Different ids stay different.
      servers: [{ id: safeServerId(evil), address: safeServerId(evil), suffrage: clean }],
      contents: [{ type: clean, count: 1, size: 1 }],
      digests: { [clean]: "0".repeat(64) },
      restorable: { ok: true, consulVersion: "1.13.9", basis: "tried", knownBy: clean, reasons: [clean] },
      writtenBy: clean,
    });
  });

  it("is none with a hash that is none, or a series that could not be shown as it is", () => {
    const parsed = (about: object) => parseManifest(Buffer.from(JSON.stringify({ ...manifestOf(1), ...about })));
    for (const hash of ["", "0".repeat(63), "A".repeat(64), `\u001b${"0".repeat(63)}`, `${"0".repeat(64)}\n`]) {
      expect(parsed({ sha256: hash }), hash).to.equal(undefined);
      expect(parsed({ storedSha256: hash }), hash).to.equal(undefined);
    }
    for (const series of ["a\nb", "a\u001b[2J", "a\u2028b", "a\u202eb", "a\u2066b"]) {
      expect(parsed({ series }), series).to.equal(undefined);
    }
    for (const series of ["a  b/ü/👩\u200d💻", "x".repeat(4096)])
      expect(parsed({ series })).to.have.property("series", series);
  });

  it("is none where a folder has its name, or where its name would be too long", async () => {
    await mkdir(`${archive}.manifest.json`);
    expect(await readManifest(store, archive)).to.equal(undefined);
    expect(await readManifest(store, join(folder.path, "a".repeat(250)))).to.equal(undefined);
  });
});
