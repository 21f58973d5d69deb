import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { archiveOf, metaJson } from "../fixtures/archive";
import { keyValue, stateOf } from "../fixtures/state";
import { command } from "../support/command";

describe("the command", function () {
  this.timeout(60_000);
  let folder: string;
  const sound = archiveOf(stateOf([keyValue("app/a", "1"), keyValue("app/b", "22")]));
  const path = (name: string): string => join(folder, name);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "command-"));
    await mkdir(path("folder"));
    await writeFile(path("sound.snap"), sound);
    await writeFile(path("cut.snap"), sound.subarray(0, -5));
    await writeFile(path("unknown.snap"), archiveOf(stateOf([{ type: 111, value: {} }])));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("inspects a file and standard input alike", async () => {
    const file = await command(["inspect", path("sound.snap"), "--format", "json", "--kvdetails"]);
    expect(file).to.include({ code: 0, err: "" });
    const told = JSON.parse(file.out) as { Meta: { Index: number }; StatsKV: { Name: string; Count: number }[] };
    expect(told.Meta.Index).to.equal(1182);
    expect(told.StatsKV.map(({ Name, Count }) => [Name, Count])).to.deep.include(["app/b", 1]);
    expect(await command(["inspect", "-", "--format", "json", "--kvdetails"], { input: sound })).to.deep.equal(file);
  });

  it("tells with --full what only we know", async () => {
    const { out } = await command(["inspect", "--full", path("sound.snap")]);
    expect(out)
      .to.match(/SHA-256 +[0-9a-f]{64}/)
      .and.match(/Server +127\.0\.0\.1:8300, voter/);
    const json = JSON.parse((await command(["inspect", "--full", "--format", "json", path("sound.snap")])).out) as {
      Records: { Type: string; Count: number; Digest: string }[];
    };
    expect(json.Records.map(({ Type, Count }) => [Type, Count])).to.deep.include(["KVS", 2]);
    expect(json.Records[0]?.Digest).to.match(/^[0-9a-f]{64}$/);
  });

  it("verifies each file with a sentence, and fails if one is not sound", async () => {
    expect(await command(["verify", path("sound.snap")])).to.deep.equal({
      code: 0,
      out: `${path("sound.snap")}: sound (index 1182, 3 records, ${String(stateOf([keyValue("app/a", "1"), keyValue("app/b", "22")]).length)}B)\n`,
      err: "",
    });
    const both = await command(["verify", path("cut.snap"), path("sound.snap")]);
    expect(both.code).to.equal(1);
    expect(both.out)
      .to.include(`${path("cut.snap")}: `)
      .and.include("(ARCHIVE_TRUNCATED)");
    expect(both.out).to.include(`${path("sound.snap")}: sound`);
  });

  it("says whether a version of Consul would restore them", async () => {
    expect(await command(["verify", "--consul-version", "1.13.9", path("sound.snap")])).to.include({ code: 0 });
    const unknown = await command(["verify", "--consul-version", "1.13.9", path("unknown.snap")]);
    expect(unknown.code).to.equal(1);
    expect(unknown.out).to.include("must not restore it (tried)").and.include("Unknown(111)");
  });

  it("says of what is sound, and that no Consul would restore, why not", async () => {
    const state = stateOf([keyValue("app/a", "1")]);
    const misshapen = stateOf([{ type: 2, value: "text" }]);
    const archives: [string, Buffer, string][] = [
      ["empty.snap", archiveOf(Buffer.alloc(0)), "state.bin cannot be decoded at byte 0: there is nothing in it"],
      ["misshapen.snap", archiveOf(misshapen), "the KVS record is not what its type says"],
      ["version.snap", archiveOf(state, metaJson(state.length, { Version: 2 })), "meta.json is of version 2"],
      ["size.snap", archiveOf(state, metaJson(state.length + 1)), `state.bin has ${state.length} bytes`],
    ];
    for (const [name, bytes, why] of archives) {
      await writeFile(path(name), bytes);
      const { code, out } = await command(["verify", path(name)]);
      expect(code, name).to.equal(0);
      expect(out, name).to.include(`${name}: sound`).and.include("no Consul would restore it: ").and.include(why);
    }
    // Some version may know a type that this one does not.
    expect((await command(["verify", path("unknown.snap")])).out).not.to.include("no Consul");
  });

  for (const [name, args, said] of [
    ["a file that is not there", ["inspect", "nowhere.snap"], /nowhere\.snap.*\(STORE_NOT_FOUND\)/],
    [
      "a version that is none",
      ["verify", "--consul-version", "new", "x"],
      /new is not a version.*\(ARGUMENT_INVALID\)/,
    ],
    ["a depth that is none", ["inspect", "--kvdepth", "deep", "x"], /\(ARGUMENT_INVALID\)/],
    ["an unknown option", ["inspect", "--all", "x"], /unknown option '--all'/],
    ["no file", ["verify"], /missing required argument/],
  ] as const) {
    it(`says in plain words what is wrong: ${name}`, async () => {
      const { code, out, err } = await command(args);
      expect({ code, out }).to.deep.equal({ code: 1, out: "" });
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
        expect(code).to.equal(1);
        expect(out + err)
          .to.include("TARGET_INVALID")
          .and.not.include("geheim")
          .and.not.include("K7");
      }
    }
  });

  it("takes a slash at the end of a setting for no folder", async () => {
    const settings = "?region=x&endpoint=https://127.0.0.1:1/";
    expect((await command(["inspect", `s3://bucket/x/${settings}`])).err).to.include("source is a folder");
    expect((await command(["inspect", `s3://bucket${settings}`])).err).to.include("source is a folder");
    const env = { AWS_ACCESS_KEY_ID: "KEY12345", AWS_SECRET_ACCESS_KEY: "SECRET12345" };
    const asked = await command(["inspect", `s3://bucket/x.snap${settings}`], { env });
    expect(asked.err).to.include("STORE_UNREACHABLE");
  });

  it("says that a folder is none to inspect", async () => {
    const { code, err } = await command(["inspect", path("folder")]);
    expect(code).to.equal(1);
    expect(err)
      .to.match(/folder.*\((ARGUMENT_INVALID|STORE_NOT_FOUND)\)/)
      .and.not.include("    at ");
  });
});
