import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { explain } from "../../provider/errors";
import { encrypt } from "../../provider/age/encrypt";
import { decryptIfEncrypted } from "../../provider/age/decrypt";
import { NO_DECRYPTION } from "../../provider/age/identities";
import { parseLocation } from "../../provider/store/location";
import { openStore } from "../../provider/store/backends";
import { verifyStoredArchive } from "../../provider/catalog/storedArchive";
import { stream } from "../support/stores/ground";
import { collect, type KeyPair, keyPair } from "../support/archives/ageKeys";
import { command } from "../support/programs/command";
import { generatedArchive } from "../support/archives/generatedArchive";
import { failureOf } from "../support/programs/saving";
import { STORES } from "../support/stores/stores";

const VARIABLE = "CONSUL_SNAPSHOT_AGE_IDENTITY_FILE";

describe("reading an encrypted archive", function () {
  this.timeout(60_000);
  let folder: string;
  let key: KeyPair;
  let archive: Buffer;
  let sealed: Buffer;
  const path = (name: string): string => join(folder, name);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "encrypted-"));
    const [ours, other] = [await keyPair(), await keyPair()];
    key = ours;
    archive = await collect(generatedArchive(200_000));
    sealed = await collect(encrypt(stream(archive), [key.recipient]));
    await writeFile(path("a.snap"), archive);
    await writeFile(path("a.snap.age"), sealed);
    await writeFile(path("cut.age"), sealed.subarray(0, -1));
    await writeFile(path("key.txt"), `# a key\n${key.identity}\n`);
    await writeFile(path("other.txt"), `${other.identity}\n`);
    await writeFile(path("none.txt"), "# nothing\n");
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("knows by the first bytes what is encrypted, and needs no identity for what is not", async () => {
    for (const [name, encrypted] of [
      ["a.snap", false],
      ["a.snap.age", true],
    ] as const) {
      const known: boolean[] = [];
      const source = createReadStream(path(name), { highWaterMark: 7 });
      const identityFiles = encrypted ? [path("key.txt")] : [path("missing")];
      const bytes = await collect(
        decryptIfEncrypted(source, {
          decryption: { identities: [], identityFiles },
          whenKnown: (is) => known.push(is),
        }),
      );
      expect(bytes.equals(archive)).to.equal(true);
      expect(known).to.deep.equal([encrypted]);
    }
  });

  it("refuses an identity file that leads nowhere, also where nothing is encrypted", async () => {
    for (const [name, said] of [
      ["missing.txt", `the identity file ${path("missing.txt")} does not exist (ARGUMENT_INVALID)\nCheck its path`],
      [".", `the identity file ${path(".")} is a folder, not a file`],
      ["key.txt/x", `${path("key.txt/x")} does not exist: a part of its path is a file`],
      ["none.txt", "none.txt contains no identity"],
      ["a.snap", "is not an age identity"],
    ] as const) {
      const { code, out, err } = await command(["verify", path("a.snap"), "--identity", path(name)]);
      expect({ code, out }, name).to.deep.equal({ code: 2, out: "" });
      expect(err, name).to.include(said);
    }
    expect((await command(["verify", path("a.snap"), "--identity", path("key.txt")])).code).to.equal(0);
  });

  it("reads an identity once, as it may be a pipe", async () => {
    const pipe = path("pipe");
    execFileSync("mkfifo", [pipe]);
    const place = `${path("backups")}/`;
    for (const series of ["one", "two"]) {
      const file = join(place, `${series}.snap.age`);
      expect((await command(["copy", path("a.snap"), file, "--recipient", key.recipient])).code).to.equal(0);
      const manifest = JSON.parse(await readFile(`${file}.manifest.json`, "utf8")) as object;
      await writeFile(`${file}.manifest.json`, JSON.stringify({ ...manifest, series }));
    }
    for (const args of [
      ["verify", path("a.snap.age"), path("a.snap.age")],
      ["diff", path("a.snap.age"), path("a.snap.age")],
      ["status", place, "--max-age", "999999h", "--verify"],
    ]) {
      const [result] = await Promise.all([
        command([...args, "--identity", pipe]),
        writeFile(pipe, `${key.identity}\n`),
      ]);
      expect(result.code, `${args.join(" ")}: ${result.err}`).to.equal(0);
      expect(result.err).to.not.match(/[A-Z]_[A-Z]/);
    }
  });

  it("says what is wrong with identities, and shows none", async () => {
    const wrong = [
      [[], "DECRYPTION_FAILED", VARIABLE],
      [["other.txt"], "DECRYPTION_FAILED", "none of the identities"],
      [["none.txt"], "ARGUMENT_INVALID", "no identity"],
      [["missing.txt"], "ARGUMENT_INVALID", "does not exist"],
      [["a.snap"], "ARGUMENT_INVALID", "is not an age identity"],
    ] as const;
    for (const [files, code, said] of wrong) {
      const identityFiles = files.map(path);
      const failure = await failureOf(
        collect(decryptIfEncrypted(stream(sealed), { decryption: { identities: [], identityFiles } })),
      );
      expect(failure.code, said).to.equal(code);
      expect(explain(failure))
        .to.include(said)
        .and.not.match(/AGE-SECRET-KEY-1[A-Z0-9]{5}/i);
    }
  });

  it("shows no identity that was given as a path", async () => {
    const decryption = { identities: [], identityFiles: [key.identity] };
    const failure = await failureOf(collect(decryptIfEncrypted(stream(sealed), { decryption })));
    expect(failure.code).to.equal("ARGUMENT_INVALID");
    expect(`${explain(failure)} ${String(failure.cause)}`).to.not.include(key.identity);
  });

  it("asks the environment only when no identity is given", async () => {
    const given = process.env[VARIABLE];
    try {
      process.env[VARIABLE] = path("key.txt");
      expect(
        (await collect(decryptIfEncrypted(stream(sealed), { decryption: NO_DECRYPTION }))).equals(archive),
      ).to.equal(true);
      const decryption = { identities: [], identityFiles: [path("other.txt")] };
      expect(await failureOf(collect(decryptIfEncrypted(stream(sealed), { decryption })))).to.include({
        code: "DECRYPTION_FAILED",
      });
      process.env[VARIABLE] = path("missing.txt");
      const direct = { identities: [key.identity], identityFiles: [] };
      expect((await collect(decryptIfEncrypted(stream(sealed), { decryption: direct }))).equals(archive)).to.equal(
        true,
      );
    } finally {
      if (given === undefined) Reflect.deleteProperty(process.env, VARIABLE);
      else process.env[VARIABLE] = given;
    }
  });

  it("verifies with --identity, which may be repeated, or the environment, and refuses a cut file", async () => {
    const identities = ["--identity", path("other.txt"), "--identity", path("key.txt")];
    const given = await command(["verify", ...identities, path("a.snap.age"), path("a.snap")]);
    expect(given.out.match(/: valid/g), given.out).to.have.lengthOf(2);
    const env = { [VARIABLE]: path("key.txt") };
    expect(await command(["inspect", path("a.snap.age")], { env })).to.deep.equal(
      await command(["inspect", path("a.snap")]),
    );
    const cut = await command(["verify", path("cut.age")], { env });
    expect(cut.code).to.equal(2);
    expect(cut.out).to.include("DECRYPTION_FAILED");
  });

  for (const kind of STORES) {
    it(`in ${kind.name}: by the command, and by whoever looks it up`, async () => {
      const server = await kind.start();
      const environment = { ...process.env };
      Object.assign(process.env, server.env, { [VARIABLE]: path("key.txt") });
      const url = server.url("kept.snap.age");
      const place = parseLocation(url);
      const store = await openStore(place);
      try {
        const object = await store.put(place.key, stream(sealed));
        const { code, out } = await command(["verify", url]);
        expect(out).to.include(": valid");
        expect(code).to.equal(0);
        expect(await command(["inspect", url])).to.deep.equal(await command(["inspect", path("a.snap")]));
        const facts = await verifyStoredArchive(store, object, url, {
          decryption: NO_DECRYPTION,
          signal: new AbortController().signal,
        });
        const hashes = [archive, sealed].map((bytes) => createHash("sha256").update(bytes).digest("hex"));
        expect(facts).to.include({ encrypted: true, storedSize: sealed.length, archiveSize: archive.length });
        expect([facts.sha256, facts.storedSha256]).to.deep.equal(hashes);
        const missing = await command(["inspect", server.url("missing.snap")]);
        expect(missing.err).to.include("STORE_NOT_FOUND");
        expect(missing.code).to.equal(2);
      } finally {
        store.close();
        process.env = environment;
        await server.stop();
      }
    });
  }
});
