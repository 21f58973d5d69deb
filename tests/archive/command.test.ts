import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { archiveOf, metaJson } from "../fixtures/archive";
import { keyValue, stateOf } from "../fixtures/state";
import { factsOf } from "../../provider/catalog/archiveFacts";
import { readArchive } from "../fixtures/reading";
import { command } from "../support/programs/command";

describe("the command", function () {
  this.timeout(60_000);
  let folder: string;
  const valid = archiveOf(stateOf([keyValue("app/a", "1"), keyValue("app/b", "22")]));
  const path = (name: string): string => join(folder, name);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "command-"));
    await mkdir(path("folder"));
    await writeFile(path("valid.snap"), valid);
    await writeFile(path("cut.snap"), valid.subarray(0, -5));
    await writeFile(path("unknown.snap"), archiveOf(stateOf([{ type: 111, value: {} }])));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("inspects a file and standard input alike", async () => {
    const file = await command(["inspect", path("valid.snap"), "--format", "json", "--kvdetails"]);
    expect(file).to.include({ code: 0, err: "" });
    const told = JSON.parse(file.out) as { Meta: { Index: number }; StatsKV: { Name: string; Count: number }[] };
    expect(told.Meta.Index).to.equal(1182);
    expect(told.StatsKV.map(({ Name, Count }) => [Name, Count])).to.deep.include(["app/b", 1]);
    expect(await command(["inspect", "-", "--format", "json", "--kvdetails"], { input: valid })).to.deep.equal(file);
  });

  it("tells with --full what only we know", async () => {
    const { out } = await command(["inspect", "--full", path("valid.snap")]);
    expect(out)
      .to.match(/SHA-256 +[0-9a-f]{64}/)
      .and.match(/Server +127\.0\.0\.1:8300, voter/);
    const json = JSON.parse((await command(["inspect", "--full", "--format", "json", path("valid.snap")])).out) as {
      Records: { Type: string; Count: number; Digest: string }[];
    };
    expect(json.Records.map(({ Type, Count }) => [Type, Count])).to.deep.include(["KVS", 2]);
    expect(json.Records[0]?.Digest).to.match(/^[0-9a-f]{64}$/);
  });

  it("verifies each file with a sentence, and fails if one is not valid", async () => {
    expect(await command(["verify", path("valid.snap")])).to.deep.equal({
      code: 0,
      out: `${path("valid.snap")}: valid (index 1182, 3 records, ${String(stateOf([keyValue("app/a", "1"), keyValue("app/b", "22")]).length)}B)\n`,
      err: "",
    });
    const both = await command(["verify", path("cut.snap"), path("valid.snap")]);
    expect(both.code).to.equal(1);
    expect(both.out)
      .to.include(`${path("cut.snap")}: `)
      .and.include("(ARCHIVE_TRUNCATED)");
    expect(both.out).to.include(`${path("valid.snap")}: valid`);
  });

  it("says whether a version of Consul would restore them", async () => {
    expect(await command(["verify", "--consul-version", "1.13.9", path("valid.snap")])).to.include({ code: 0 });
    const unknown = await command(["verify", "--consul-version", "1.13.9", path("unknown.snap")]);
    expect(unknown.code).to.equal(1);
    expect(unknown.out).to.include("must not restore it (tried)").and.include("Unknown(111)");
  });

  it("says of what is valid, and that no Consul would restore, why not", async () => {
    const state = stateOf([keyValue("app/a", "1")]);
    const misshapen = stateOf([{ type: 2, value: "text" }]);
    const archives: [string, Buffer, string][] = [
      ["empty.snap", archiveOf(Buffer.alloc(0)), "state.bin cannot be decoded at byte 0: there is nothing in it"],
      ["misshapen.snap", archiveOf(misshapen), "the KVS record is a string instead of a map"],
      ["version.snap", archiveOf(state, metaJson(state.length, { Version: 2 })), "meta.json is of version 2"],
    ];
    for (const [name, bytes, why] of archives) {
      await writeFile(path(name), bytes);
      const { code, out } = await command(["verify", path(name)]);
      expect(code, name).to.equal(0);
      expect(out, name).to.include(`${name}: valid`).and.include("no Consul would restore it: ").and.include(why);
    }
    // Some version may know a type that this one does not.
    expect((await command(["verify", path("unknown.snap")])).out).not.to.include("no Consul");
  });

  it("refuses a state of another size than meta.json promises, as a restore does; inspect shows it", async () => {
    const state = stateOf([keyValue("app/a", "1")]);
    await writeFile(path("size.snap"), archiveOf(state, metaJson(state.length + 1)));
    const verified = await command(["verify", path("size.snap")]);
    expect(verified.code).to.equal(1);
    expect(verified.out).to.include(`state.bin has ${state.length} bytes`).and.include("ARCHIVE_MALFORMED");
    expect(await command(["inspect", path("size.snap")])).to.include({ code: 0 });
    const full = await command(["inspect", "--full", path("size.snap")]);
    expect(full.out).to.include(`state.bin has ${state.length} bytes`);
  });

  it("takes a manifest for no archive, and skips those of a folder's archives", async () => {
    const facts = factsOf(await readArchive(valid), path("listed.snap"));
    const manifest = { schema: 1, series: "s", purpose: "backup", consistency: "consistent", writtenBy: "t", ...facts };
    await writeFile(path("listed.snap"), valid);
    await writeFile(path("listed.snap.manifest.json"), JSON.stringify(manifest));
    const alone = await command(["verify", path("listed.snap.manifest.json")]);
    expect(alone.code).to.equal(1);
    expect(alone.out).to.equal(
      `${path("listed.snap.manifest.json")}: this is the manifest of an archive, not an archive (ARCHIVE_NOT_GZIP)\nVerify the archive: consul-snapshot verify '${path("listed.snap")}'\n`,
    );
    // As a shell expands listed*.
    const both = await command(["verify", path("listed.snap"), path("listed.snap.manifest.json")]);
    expect(both).to.include({ code: 0, err: "skipped 1 manifest: each is compared with its archive\n" });
    expect(both.out).to.match(/^[^\n]*listed\.snap: valid [^\n]*\n$/);
    // An archive may have such a name.
    await writeFile(path("odd.manifest.json"), valid);
    expect((await command(["verify", path("odd.manifest.json")])).code).to.equal(0);
  });

  it("reports an empty name, and still verifies the others", async () => {
    const alone = await command(["verify", ""]);
    expect(alone).to.include({ code: 2, err: "" });
    expect(alone.out).to.include("an archive's name is empty (ARGUMENT_INVALID)");
    const both = await command(["verify", "", path("valid.snap")]);
    expect(both).to.include({ code: 2, err: "" });
    expect(both.out)
      .to.include("an archive's name is empty (ARGUMENT_INVALID)")
      .and.include(`${path("valid.snap")}: valid`);
  });

  it("verifies all archives of a folder, with a manifest or without", async () => {
    const place = path("several/");
    await mkdir(place);
    const empty = await command(["verify", place]);
    expect(empty).to.include({ code: 1, out: "", err: `${place}: 0 archives\n` });
    const facts = factsOf(await readArchive(valid), `${place}a.snap`);
    const manifest = { schema: 1, series: "s", purpose: "backup", consistency: "consistent", writtenBy: "t", ...facts };
    const manifestText = JSON.stringify(manifest);
    await writeFile(`${place}a.snap`, valid);
    await writeFile(`${place}a.snap.manifest.json`, manifestText);
    await writeFile(`${place}b.snap`, valid);
    await writeFile(`${place}notes.txt`, "mine");
    await writeFile(`${place}gone.snap.manifest.json`, manifestText);
    const good = await command(["verify", place]);
    expect(good.err).to.equal(`${place}: 2 archives, 1 manifest without an archive, 1 other object\n`);
    expect(good.out).to.match(
      /^[^\n]*a\.snap: valid [^\n]*\n[^\n]*b\.snap: valid [^\n]*\n$|^[^\n]*b\.snap: valid [^\n]*\n[^\n]*a\.snap: valid [^\n]*\n$/,
    );
    expect(good.code).to.equal(0);
    await writeFile(`${place}b.snap`, valid.subarray(0, 300));
    const bad = await command(["verify", place]);
    expect(bad.code).to.equal(1);
    expect(bad.out).to.include("b.snap: ").and.include("ARCHIVE_TRUNCATED");
  });

  it("refuses an archive beside the manifest of another one", async () => {
    const facts = factsOf(await readArchive(valid), path("saved.snap"));
    const manifest = { schema: 1, series: "s", purpose: "backup", consistency: "consistent", writtenBy: "t", ...facts };
    await writeFile(path("saved.snap"), valid);
    await writeFile(path("saved.snap.manifest.json"), JSON.stringify(manifest));
    expect(await command(["verify", path("saved.snap")])).to.include({ code: 0 });
    await writeFile(path("saved.snap"), archiveOf(stateOf([keyValue("app/a", "2")])));
    const replaced = await command(["verify", path("saved.snap")]);
    expect(replaced.code).to.equal(1);
    expect(replaced.out).to.include("saved.snap: valid (").and.include("not the archive that was saved there");
  });

  for (const [name, args, said] of [
    ["a file that is not there", ["inspect", "nowhere.snap"], /nowhere\.snap.*\(STORE_NOT_FOUND\)/],
    [
      "a version that is none",
      ["verify", "--consul-version", "new", "x"],
      /new is not a version.*\(ARGUMENT_INVALID\)/,
    ],
    ["a depth that is none", ["inspect", "--kvdepth", "deep", "x"], /\(ARGUMENT_INVALID\)/],
    [
      "an unknown option",
      ["inspect", "--everything", "x"],
      /unknown option --everything .*\nRun consul-snapshot inspect --help\./,
    ],
    ["no file", ["verify"], /verify needs SOURCE/],
  ] as const) {
    it(`says in plain words what is wrong: ${name}`, async () => {
      const { code, out, err } = await command(args);
      expect({ code, out }).to.deep.equal({ code: 2, out: "" });
      expect(err).to.match(said).and.not.include("    at ");
    });
  }

  it("shows no secret of a URL that it refuses", async () => {
    for (const url of ["s3://AKIA:geheim/K7@bucket/x.snap", "s3://AKIA:geheim/K7@bucket/", "azblob://c/x?sig=geheim"]) {
      for (const args of [
        ["verify", url],
        ["inspect", url],
        ["restore", url, "--safety-snapshot", "none"],
      ]) {
        const { code, out, err } = await command(args);
        expect(code).to.equal(args[0] === "restore" ? 1 : 2);
        expect(out + err)
          .to.include("TARGET_INVALID")
          .and.not.include("geheim")
          .and.not.include("K7");
      }
    }
  });

  it("takes a slash at the end of a setting for no folder", async () => {
    const settings = "?region=x&endpoint=https://127.0.0.1:1/";
    expect((await command(["inspect", `s3://bucket/x/${settings}`])).err).to.include(
      "source s3://bucket/x/ is a folder",
    );
    expect((await command(["inspect", `s3://bucket${settings}`])).err).to.include("source s3://bucket is a folder");
    const env = { AWS_ACCESS_KEY_ID: "KEY12345", AWS_SECRET_ACCESS_KEY: "SECRET12345" };
    const asked = await command(["inspect", `s3://bucket/x.snap${settings}`], { env });
    expect(asked.err).to.include("STORE_UNREACHABLE");
  });

  it("says that a folder is none to inspect", async () => {
    const { code, err } = await command(["inspect", path("folder")]);
    expect(code).to.equal(2);
    expect(err)
      .to.match(/folder.*\((ARGUMENT_INVALID|STORE_NOT_FOUND)\)/)
      .and.not.include("    at ");
  });
});
