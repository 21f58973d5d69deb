import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { fileStore } from "../../../provider/store/file";
import {
  type Manifest,
  ManifestClaim,
  manifestKey,
  parseManifest,
  readManifest,
} from "../../../provider/transfer/manifest";
import { failureOf, temporaryFolder } from "../../support/saving";

function manifest(index: number): Manifest {
  return {
    schema: 1,
    series: "organization/project/stack/name",
    purpose: "backup",
    location: "/backups/a.snap",
    snapshotId: `2-${index}-1795469451610`,
    index,
    term: 2,
    size: 100,
    version: 1,
    archiveSize: 50,
    sha256: "00",
    storedSize: 50,
    storedSha256: "00",
    takenAt: "2026-11-23T21:30:51.610Z",
    servers: [],
    contents: [],
    digests: {},
    consistency: "consistent",
    encrypted: false,
    writtenBy: "tests",
  };
}

describe("a manifest", () => {
  const store = fileStore();
  const unlimited = new AbortController().signal;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let archive: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    archive = join(folder.path, "a.snap");
  });
  afterEach(() => folder.remove());

  // eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
  async function* source(text: string): AsyncGenerator<Uint8Array> {
    yield Buffer.from(text);
  }

  const putArchive = (text: string) => store.put(archive, source(text), { overwrite: true });

  it("is read back as it was written", async () => {
    await new ManifestClaim(store, archive, false).write(manifest(7));
    expect(await readManifest(store, archive)).to.deep.equal(manifest(7));
  });

  it("is none where there is none, nor what is not one", async () => {
    expect(await readManifest(store, archive)).to.equal(undefined);
    for (const text of ["", "{", "[]", "null", '{"schema":2}', JSON.stringify({ ...manifest(1), index: "1" })]) {
      expect(parseManifest(Buffer.from(text)), text).to.equal(undefined);
    }
  });

  it("claims its name: a second writer does not get it, and takes nothing away", async () => {
    await new ManifestClaim(store, archive, false).write(manifest(1));
    const second = new ManifestClaim(store, archive, false);
    expect((await failureOf(second.write(manifest(2)))).code).to.equal("STORE_EXISTS");
    await second.withdraw(unlimited);
    expect((await readManifest(store, archive))?.index).to.equal(1);
  });

  it("is gone after a failure", async () => {
    const claim = new ManifestClaim(store, archive, false);
    await claim.write(manifest(1));
    await claim.withdraw(unlimited);
    expect(await folder.entries()).to.be.empty;
  });

  it("is what it was before, after a failed overwrite", async () => {
    await new ManifestClaim(store, archive, false).write(manifest(1));
    const claim = new ManifestClaim(store, archive, true);
    await claim.write(manifest(2));
    await claim.withdraw(unlimited);
    expect((await readManifest(store, archive))?.index).to.equal(1);
  });

  it("of a writer that was killed before its archive became visible does not hold the name for ever", async () => {
    await new ManifestClaim(store, archive, false).write(manifest(1));
    const old = new Date(Date.now() - 11 * 60 * 1000);
    await utimes(manifestKey(archive), old, old);
    await new ManifestClaim(store, archive, false).write(manifest(2));
    expect((await readManifest(store, archive))?.index).to.equal(2);
  });

  it("beside an archive that exists is never taken for a leftover", async () => {
    await new ManifestClaim(store, archive, false).write(manifest(1));
    await writeFile(archive, "an archive");
    const old = new Date(Date.now() - 11 * 60 * 1000);
    await utimes(manifestKey(archive), old, old);
    const second = new ManifestClaim(store, archive, false);
    expect((await failureOf(second.write(manifest(2)))).code).to.equal("STORE_EXISTS");
    expect(await readFile(archive, "utf8")).to.equal("an archive");
  });

  it("is the overwriter's own after two overwrote at once", async () => {
    const [first, second] = [new ManifestClaim(store, archive, true), new ManifestClaim(store, archive, true)];
    await first.write(manifest(1));
    await second.write(manifest(2));
    const { version } = await putArchive("the first one's");
    await first.confirm(version);
    expect((await readManifest(store, archive))?.index).to.equal(1);
  });

  it("stays that of the other overwriter, whose archive is there by now", async () => {
    const [first, second] = [new ManifestClaim(store, archive, true), new ManifestClaim(store, archive, true)];
    await first.write(manifest(1));
    const { version } = await putArchive("the first one's");
    await second.write(manifest(2));
    await putArchive("the second one's");
    await first.confirm(version);
    expect((await readManifest(store, archive))?.index).to.equal(2);
  });
});
