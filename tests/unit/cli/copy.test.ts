import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Worker } from "node:worker_threads";
import { expect } from "chai";
import { requestOf } from "../../../cli/restore/request";
import { factsOf } from "../../../provider/catalog/archiveFacts";
import { explain } from "../../../provider/errors";
import { archiveOf } from "../../fixtures/archive";
import { readArchive } from "../../fixtures/reading";
import { keyValue, stateOf } from "../../fixtures/state";
import { documentedKeys, keysOf } from "../../support/documentedJson";
import { generatedArchive } from "../../support/archives/generatedArchive";
import { type Ran, runHere } from "../../support/programs/commandLine";
import { temporaryFolder } from "../../support/programs/saving";

describe("copy and keygen", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  const archive = archiveOf(stateOf([keyValue("app/a", "1")]));
  beforeEach(async () => {
    folder = await temporaryFolder();
    const facts = factsOf(await readArchive(archive), path("a.snap"));
    const about = {
      schema: 1,
      series: "shop",
      purpose: "backup",
      consistency: "stale",
      writtenBy: "t",
      datacenter: "dc7",
    };
    await writeFile(path("a.snap"), archive);
    await writeFile(path("a.snap.manifest.json"), JSON.stringify({ ...facts, ...about }));
  });
  afterEach(() => folder.remove());

  const run = (...args: string[]): Promise<Ran> => runHere(args);

  it("encrypts, decrypts, and keeps what the manifest says", async () => {
    const made = await run("keygen", path("k.key"));
    expect(made.code, made.err).to.equal(0);
    const recipient = made.out.trim();
    expect(made.out + made.err).to.not.include("AGE-SECRET-KEY");
    expect((await stat(path("k.key"))).mode & 0o777).to.equal(0o600);
    const secret = await run("copy", path("a.snap"), `${path("sub")}/`, "--recipient", recipient, "--format", "json");
    expect(secret.code, secret.err).to.equal(0);
    expect(keysOf(JSON.parse(secret.out))).to.have.members(documentedKeys("copy"));
    expect(JSON.parse(secret.out)).to.include({ location: path("sub/a.snap.age"), encrypted: true, series: "shop" });
    const plain = await run(
      "copy",
      "--decrypt",
      "--identity",
      path("k.key"),
      path("sub/a.snap.age"),
      `${path("plain")}/`,
    );
    expect(plain.code, plain.err).to.equal(0);
    expect((await readFile(path("plain/a.snap"))).equals(archive)).to.equal(true);
    const manifest = JSON.parse(await readFile(path("plain/a.snap.manifest.json"), "utf8")) as Record<string, unknown>;
    expect(manifest).to.include({ series: "shop", datacenter: "dc7", consistency: "stale", encrypted: false });
    expect(manifest.location).to.equal(path("plain/a.snap"));
  });

  it("verifies a large archive on a thread, and leaves nothing of one that is damaged", async () => {
    const threads: Worker[] = [];
    const count = (thread: Worker): void => void threads.push(thread);
    const large = await buffer(generatedArchive(9_000_000));
    await writeFile(path("large.snap"), large);
    process.on("worker", count);
    try {
      const copied = await run("copy", path("large.snap"), `${path("sub")}/`);
      expect(copied.code, copied.err).to.equal(0);
    } finally {
      process.off("worker", count);
    }
    expect(threads).to.have.lengthOf(availableParallelism() > 1 ? 1 : 0);
    expect((await readFile(path("sub/large.snap"))).equals(large)).to.equal(true);
    large[large.length - 100] = 0xff;
    await writeFile(path("large.snap"), large);
    const refused = await run("copy", path("large.snap"), `${path("no")}/`);
    expect(refused.code, refused.out).to.equal(1);
    expect((await folder.entries()).filter((name) => name.startsWith("no"))).to.deep.equal([]);
  });

  it("copies an encrypted archive as it is without its key, if it is the one of its manifest", async () => {
    const recipient = (await run("keygen", path("k.key"))).out.trim();
    expect((await run("copy", path("a.snap"), `${path("sub")}/`, "--recipient", recipient)).code).to.equal(0);
    const source = path("sub/a.snap.age");
    const bytes = await readFile(source);
    const kept = await run("copy", source, `${path("kept")}/`);
    expect(kept.code, kept.err).to.equal(0);
    expect((await readFile(path("kept/a.snap.age"))).equals(bytes)).to.equal(true);
    const read = async (name: string) => JSON.parse(await readFile(path(name), "utf8")) as Record<string, unknown>;
    expect(await read("kept/a.snap.age.manifest.json")).to.deep.equal({
      ...(await read("sub/a.snap.age.manifest.json")),
      location: path("kept/a.snap.age"),
    });
    expect((await run("verify", "--identity", path("k.key"), path("kept/a.snap.age"))).code).to.equal(0);
    // A name of its own says that it is encrypted, too, and the source never takes its own place.
    expect((await run("copy", source, path("named.snap"))).out).to.include("named.snap.age");
    expect((await run("copy", source, path("sub/a.snap"), "--overwrite")).err).to.include("replace its source");

    for (const other of [Buffer.concat([bytes.subarray(0, -1), Buffer.from([1])]), bytes.subarray(0, -1), archive]) {
      await writeFile(source, other);
      const refused = await run("copy", source, `${path("no")}/`);
      expect(refused.code, refused.out).to.equal(1);
      expect(refused.err).to.include("not the one that its manifest describes");
      expect((await folder.entries()).filter((name) => name.startsWith("no/"))).to.deep.equal([]);
    }
    await writeFile(path("a.snap"), bytes);
    const unlike = await run("copy", path("a.snap"), `${path("no")}/`);
    expect(unlike.code).to.equal(1);
    expect(unlike.err).to.include("the archive is encrypted, and so not the one that its manifest describes");
    expect((await folder.entries()).filter((name) => name.startsWith("no/"))).to.deep.equal([]);
    await writeFile(source, bytes);
    await rm(path("sub/a.snap.age.manifest.json"));
    const undecided = await run("copy", source, `${path("other")}/`);
    expect(undecided.code).to.equal(2);
    expect(undecided.err).to.include("no manifest says what its bytes must be").and.include("--decrypt");
  });

  it("leaves nothing of an archive that is invalid or replaced, and overwrites neither archive nor key", async () => {
    await writeFile(path("cut.snap"), archive.subarray(0, -5));
    expect((await run("copy", path("cut.snap"), `${path("to")}/`)).code).to.equal(1);
    await writeFile(path("a.snap"), archiveOf(stateOf([keyValue("app/a", "2")])));
    const replaced = await run("copy", path("a.snap"), `${path("to")}/`);
    expect(replaced.code).to.equal(1);
    expect(replaced.err).to.include("not the one that its manifest describes");
    expect((await folder.entries()).filter((name) => name.startsWith("to"))).to.deep.equal([]);
    await writeFile(path("a.snap"), archive);
    expect((await run("copy", path("a.snap"), folder.path)).code).to.equal(2);
    expect((await run("copy", path("a.snap"), path("a.snap"), "--overwrite")).err).to.include("replace its source");
    expect((await run("keygen", path("a.snap"))).err).to.include("(STORE_EXISTS)");
    expect((await readFile(path("a.snap"))).equals(archive)).to.equal(true);
  });

  it("closes a source that the target refuses", async () => {
    const opened = async (): Promise<number> => (await readdir("/dev/fd")).length;
    await writeFile(path("b.snap"), "there");
    const refused = async (): Promise<void> => {
      expect((await run("copy", path("a.snap"), path("b.snap"))).err).to.include("(STORE_EXISTS)");
    };
    await refused();
    const before = await opened();
    for (let n = 0; n < 5; n++) await refused();
    expect(await opened()).to.equal(before);
  });

  it("sees by the first bytes whether its source is encrypted, whatever its name and its manifest", async () => {
    const recipient = (await run("keygen", path("k.key"))).out.trim();
    const identity = ["--identity", path("k.key")];
    await run("copy", path("a.snap"), path("a.snap.age"), "--recipient", recipient);
    await rename(path("a.snap.age"), path("named.bak"));
    const undecided = await run("copy", path("named.bak"), `${path("to")}/`, ...identity);
    expect(undecided.code).to.equal(2);
    expect(undecided.err)
      .to.include(`${path("named.bak")} is encrypted`)
      .and.include("--decrypt");
    expect((await folder.entries()).filter((name) => name.startsWith("to"))).to.deep.equal([]);
    const encrypted = await run("copy", path("named.bak"), `${path("to")}/`, "--recipient", recipient, ...identity);
    expect(encrypted.code, encrypted.err).to.equal(0);
    expect((await readFile(path("to/named.bak.age"))).toString("latin1")).to.match(/^age-encryption\.org/);
    const plain = await run("copy", path("named.bak"), path("plain.snap"), "--decrypt", ...identity);
    expect(plain.code, plain.err).to.equal(0);
    expect((await readFile(path("plain.snap"))).equals(archive)).to.equal(true);
    // Nothing that is not encrypted keeps the name of what is.
    await writeFile(path("plain.snap.age"), archive);
    const misnamed = await run("copy", path("plain.snap.age"), `${path("other")}/`);
    expect(misnamed.code).to.equal(2);
    expect(misnamed.err).to.include("the name of the copy ends in .age, but nothing is encrypted (ARGUMENT_INVALID)");
    expect((await folder.entries()).filter((name) => name.startsWith("other"))).to.deep.equal([]);
    const renamed = await run("copy", path("plain.snap.age"), `${path("other")}/`, "--decrypt");
    expect(renamed.code, renamed.err).to.equal(0);
    expect((await readFile(path("other/plain.snap"))).equals(archive)).to.equal(true);
  });

  it("shares with save, pack and restore that only what is encrypted is named .age", async () => {
    const refusal = (what: string): string =>
      `${what} ends in .age, but nothing is encrypted (ARGUMENT_INVALID)\nAdd --recipient, or name it .snap.\n`;
    for (const [what, ...args] of [
      ["TARGET", "save", path("{index}.snap.age")],
      ["TARGET", "pack", folder.path, path("b.snap.age")],
      ["the name of the copy", "copy", path("a.snap"), path("b.snap.age")],
    ] as const) {
      expect((await run(...args)).err).to.include(refusal(what));
    }
    const asked = requestOf(path("a.snap"), { safetySnapshot: path("{index}.snap.age") }, new Date());
    const failure = await asked.catch((error: unknown) => error);
    expect(`${explain(failure)}\n`).to.equal(refusal("--safety-snapshot"));
    expect((await folder.entries()).filter((name) => name.startsWith("b."))).to.deep.equal([]);
  });
});
