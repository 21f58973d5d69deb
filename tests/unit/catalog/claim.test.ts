import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { ManifestClaim } from "../../../provider/catalog/claim";
import { manifestKey, readManifest } from "../../../provider/catalog/manifest";
import { fileStore } from "../../../provider/store/file/store";
import type { PutOptions, Store } from "../../../provider/store/store";
import { manifestOf } from "../../support/archives/manifests";
import { failureOf, temporaryFolder } from "../../support/programs/saving";

describe("a claim on an archive's name", () => {
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

  it("claims its name: a second writer does not get it, and takes nothing away", async () => {
    await new ManifestClaim(store, archive, false).write(manifestOf(1));
    const second = new ManifestClaim(store, archive, false);
    expect((await failureOf(second.write(manifestOf(2)))).code).to.equal("STORE_EXISTS");
    await second.withdraw(unlimited);
    expect((await readManifest(store, archive))?.index).to.equal(1);
  });

  it("is gone after a failure", async () => {
    const claim = new ManifestClaim(store, archive, false);
    await claim.write(manifestOf(1));
    await claim.withdraw(unlimited);
    expect(await folder.entries()).to.be.empty;
  });

  it("is not written any more once its run has given up", async () => {
    let put: PutOptions = {};
    const silent: Store = {
      ...store,
      put: (_key, _source, options = {}) => {
        put = options;
        return new Promise((_, reject) =>
          options.signal?.addEventListener("abort", () => reject(new Error("aborted"))),
        );
      },
    };
    const claim = new ManifestClaim(silent, archive, false);
    const writing = claim.write(manifestOf(1)).catch((error: unknown) => String(error));
    const limit = new AbortController();
    const withdrawing = claim.withdraw(limit.signal);
    expect(put.signal?.aborted).to.equal(false);
    limit.abort();
    await withdrawing;
    expect(await writing).to.equal("Error: aborted");
    expect(await folder.entries()).to.be.empty;
  });

  it("is what it was before, after a failed overwrite", async () => {
    await new ManifestClaim(store, archive, false).write(manifestOf(1));
    const claim = new ManifestClaim(store, archive, true);
    await claim.write(manifestOf(2));
    await claim.withdraw(unlimited);
    expect((await readManifest(store, archive))?.index).to.equal(1);
  });

  it("of a writer that was killed before its archive became visible does not hold the name forever", async () => {
    await new ManifestClaim(store, archive, false).write(manifestOf(1));
    const old = new Date(Date.now() - 11 * 60 * 1000);
    await utimes(manifestKey(archive), old, old);
    await new ManifestClaim(store, archive, false).write(manifestOf(2));
    expect((await readManifest(store, archive))?.index).to.equal(2);
  });

  it("of a writer that has just begun holds the name, though this machine's clock is ahead of the store's", async () => {
    const behind = (): number => Date.now() - 11 * 60 * 1000;
    const skewed: Store = { ...store, now: () => Promise.resolve(new Date(behind() + 1000)) };
    await new ManifestClaim(skewed, archive, false).write(manifestOf(1));
    await utimes(manifestKey(archive), new Date(behind()), new Date(behind()));
    const second = new ManifestClaim(skewed, archive, false);
    expect((await failureOf(second.write(manifestOf(2)))).code).to.equal("STORE_EXISTS");
  });

  it("beside an archive that exists is never taken for a leftover", async () => {
    await new ManifestClaim(store, archive, false).write(manifestOf(1));
    await writeFile(archive, "an archive");
    const old = new Date(Date.now() - 11 * 60 * 1000);
    await utimes(manifestKey(archive), old, old);
    const second = new ManifestClaim(store, archive, false);
    expect((await failureOf(second.write(manifestOf(2)))).code).to.equal("STORE_EXISTS");
    expect(await readFile(archive, "utf8")).to.equal("an archive");
  });

  it("is the overwriter's own after two overwrote at once", async () => {
    const [first, second] = [new ManifestClaim(store, archive, true), new ManifestClaim(store, archive, true)];
    await first.write(manifestOf(1));
    await second.write(manifestOf(2));
    const { version } = await putArchive("the first one's");
    await first.confirm(version);
    expect((await readManifest(store, archive))?.index).to.equal(1);
  });

  it("stays that of the other overwriter, whose archive is there by now", async () => {
    const [first, second] = [new ManifestClaim(store, archive, true), new ManifestClaim(store, archive, true)];
    await first.write(manifestOf(1));
    const { version } = await putArchive("the first one's");
    await second.write(manifestOf(2));
    await putArchive("the second one's");
    await first.confirm(version);
    expect((await readManifest(store, archive))?.index).to.equal(2);
  });
});
