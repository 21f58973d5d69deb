import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { encrypt } from "../../../provider/age/encrypt";
import { NO_DECRYPTION } from "../../../provider/age/identities";
import { adoptArchive } from "../../../provider/catalog/adoption";
import { parseManifest } from "../../../provider/catalog/manifest";
import { mayBelongTo } from "../../../provider/catalog/series";
import { explain } from "../../../provider/errors";
import { Ledger } from "../../../provider/retention/ledger";
import { fileStore } from "../../../provider/store/file/store";
import type { StoredObject } from "../../../provider/store/store";
import { archiveOf } from "../../fixtures/archive";
import { keyValue, stateOf } from "../../fixtures/state";
import { collect, keyPair } from "../../support/archives/ageKeys";
import { daysAgo, keepAt, pruneAfter } from "../../support/archives/prunedArchives";
import { documentedKeys, keysOf } from "../../support/documentedJson";
import { type Ran, runHere } from "../../support/programs/commandLine";
import { temporaryFolder } from "../../support/programs/saving";

const SERIES = "acme/shop/prod/nightly";

describe("adopt", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  const archive = archiveOf(stateOf([keyValue("app/a", "1")]));
  beforeEach(async () => {
    folder = await temporaryFolder();
    await writeFile(path("a.snap"), archive);
    await writeFile(path("cut.snap"), archive.subarray(0, -5));
  });
  afterEach(() => folder.remove());

  const adopt = (...args: string[]): Promise<Ran> => runHere(["adopt", "--series", SERIES, ...args]);

  it("writes a manifest that verify, list, status and retention take", async () => {
    const { code, out, err } = await adopt(path("a.snap"));
    expect(code, err).to.equal(0);
    expect(out).to.match(/a\.snap: verified and adopted \(index \d+, \d+ records, .*B\)\n$/);
    const written = await readFile(path("a.snap.manifest.json"));
    expect(mayBelongTo(SERIES, written.length)).to.equal(true);
    const manifest = parseManifest(written);
    expect(manifest).to.include({ series: SERIES, purpose: "backup", location: path("a.snap"), encrypted: false });
    expect(manifest).to.not.have.any.keys("datacenter", "consulVersion");
    const verified = await runHere(["verify", path("a.snap"), "--format", "json"]);
    expect((JSON.parse(verified.out) as { archives: unknown[] }).archives[0]).to.include({ manifest: "matches" });
    const latest = await runHere(["list", folder.path, "--series", SERIES, "--format", "json"]);
    expect((JSON.parse(latest.out) as { archives: unknown[] }).archives).to.have.lengthOf(1);
    expect((await runHere(["status", folder.path, "--max-age", "100000h"])).out).to.match(/^OK: acme/);
    expect(await readFile(path("a.snap"))).to.deep.equal(archive);
  });

  it("is recorded where retention has recorded the series, and so is a copy: rules count both", async () => {
    const store = fileStore();
    const template = path("backups/{datacenter}/{index}.snap");
    const { signal } = new AbortController();
    const about = { takenAt: daysAgo(1), index: 1, series: SERIES, retention: true } as const;
    await mkdir(path("backups/dc1"), { recursive: true });
    await pruneAfter(store, template, await keepAt(store, path("backups/dc1/1.snap"), about), { keepLast: 5 });
    await writeFile(path("backups/dc1/adopted.snap"), archive);
    await writeFile(path("elsewhere.snap"), archiveOf(stateOf([keyValue("app/a", "2")])));
    const { code, err } = await adopt(path("backups/dc1/adopted.snap"), path("elsewhere.snap"));
    expect(code, err).to.equal(0);
    const copied = await runHere(["copy", path("elsewhere.snap"), path("backups/dc1/copied.snap")]);
    expect(copied.code, copied.err).to.equal(0);
    await writeFile(path("backups/dc1/added.snap"), archive);
    const ledger = await Ledger.read(store, template, SERIES, signal);
    const recorded = async (name: string): Promise<boolean> => {
      const object = await store.head(path(`backups/dc1/${name}.snap`));
      return object !== undefined && ledger.isOwn({ archive: object, storedSha256: "" });
    };
    expect(await Promise.all(["1", "adopted", "copied", "added"].map(recorded))).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
  });

  it("refuses what is invalid, goes on with the others, and prints the documented JSON", async () => {
    await writeFile(path("b.snap"), archive);
    const { code, out, err } = await adopt("--format", "json", path("a.snap"), path("cut.snap"), path("b.snap"));
    expect(code).to.equal(1);
    expect(err).to.match(/cut\.snap: .*\(ARCHIVE_TRUNCATED\)\n/);
    expect(keysOf(JSON.parse(out))).to.have.members(documentedKeys("adopt"));
    const { archives } = JSON.parse(out) as { archives: { adopted: boolean }[] };
    expect(archives.map(({ adopted }) => adopted)).to.deep.equal([true, false, true]);
    expect((await readdir(folder.path)).filter((name) => name.startsWith("cut"))).to.deep.equal(["cut.snap"]);
  });

  it("never replaces a manifest, whatever it is, and the hint works", async () => {
    const manifest = path("a.snap.manifest.json");
    await writeFile(manifest, "mine");
    const first = await adopt(path("a.snap"), manifest);
    expect(first.code).to.equal(2);
    expect(first.err).to.match(
      /^skipped 1 manifest\n.*a\.snap has a manifest already \(STORE_EXISTS\)\n.*delete its manifest first\.\n$/s,
    );
    expect(await readFile(manifest, "utf8")).to.equal("mine");
    await rm(manifest);
    expect((await adopt(path("a.snap"))).code).to.equal(0);
  });

  it("decrypts to verify, and describes the encrypted archive", async () => {
    const { identity, recipient } = await keyPair();
    await writeFile(path("backup.key"), `${identity}\n`);
    // eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
    const plain = (async function* () {
      yield archive;
    })();
    await writeFile(path("a.snap.age"), await collect(encrypt(plain, [recipient])));
    const refused = await adopt(path("a.snap.age"));
    expect(refused.code).to.equal(2);
    expect(refused.err).to.include("(DECRYPTION_FAILED)");
    expect((await adopt(path("a.snap.age"), "--identity", path("backup.key"))).out).to.include(", encrypted)");
    const verified = await runHere([
      "verify",
      path("a.snap.age"),
      "--identity",
      path("backup.key"),
      "--format",
      "json",
    ]);
    expect((JSON.parse(verified.out) as { archives: unknown[] }).archives[0]).to.include({ manifest: "matches" });
  });

  it("takes an archive's name only, and a series that is one", async () => {
    await mkdir(path("sub"));
    for (const [args, text] of [
      [["-"], /Use a path or a URL\./],
      [[""], /target is empty \(TARGET_INVALID\)/],
      [[path("sub")], /folder, not an archive \(ARGUMENT_INVALID\)\nSpecify the archives in it\./],
      [[path("other.snap.manifest.json")], /Specify its archive: .*other\.snap'?\n/],
      [[path("nowhere.snap")], /there is no archive at .*nowhere\.snap \(STORE_NOT_FOUND\)/],
      [[path("a.snap"), "--series", "a\nb"], /--series must be a string/],
    ] as const) {
      const { code, err, out } = await adopt(...args);
      expect({ code, out }, args.join(" ")).to.deep.equal({ code: 2, out: "" });
      expect(err).to.match(text);
    }
    expect((await runHere(["adopt", path("a.snap")])).err).to.include("--series");
    expect((await readdir(folder.path)).sort()).to.deep.equal(["a.snap", "cut.snap", "sub"]);
  });

  it("twice at once: one run succeeds, and the other names the manifest", async () => {
    const runs = await Promise.all([adopt(path("a.snap")), adopt(path("a.snap"))]);
    expect(runs.map(({ code }) => code).sort()).to.deep.equal([0, 2]);
    expect(runs.map(({ err }) => err).join("")).to.include("a.snap has a manifest already (STORE_EXISTS)");
  });

  it("leaves no manifest beside an archive that was replaced while it was read", async () => {
    const store = fileStore();
    const object = (await store.head(path("a.snap"))) as StoredObject;
    const reading = { decryption: NO_DECRYPTION, signal: new AbortController().signal };
    const swapped = adoptArchive(
      {
        ...store,
        head: (key) => (key === object.key ? Promise.resolve({ ...object, version: "2" }) : store.head(key)),
      },
      object,
      path("a.snap"),
      SERIES,
      reading,
    );
    expect(await swapped.catch(explain)).to.include("was replaced while it was read (STORE_CHANGED)");
    expect(await readdir(folder.path)).to.have.members(["a.snap", "cut.snap"]);
  });
});
