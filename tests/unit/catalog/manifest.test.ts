import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { ManifestClaim } from "../../../provider/catalog/claim";
import { parseManifest, readManifest } from "../../../provider/catalog/manifest";
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

  it("is none where a folder has its name, or where its name would be too long", async () => {
    await mkdir(`${archive}.manifest.json`);
    expect(await readManifest(store, archive)).to.equal(undefined);
    expect(await readManifest(store, join(folder.path, "a".repeat(250)))).to.equal(undefined);
  });
});
