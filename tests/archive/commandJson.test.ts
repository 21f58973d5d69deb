import { readFileSync } from "node:fs";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { COMMANDS } from "../../cli/commands";
import { factsOf } from "../../provider/catalog/archiveFacts";
import { fileStore } from "../../provider/store/file/store";
import { archiveOf } from "../fixtures/archive";
import { readArchive } from "../fixtures/reading";
import { keyValue, stateOf } from "../fixtures/state";
import { daysAgo, keepAt, SERIES } from "../support/archives/prunedArchives";
import { documentedKeys, keysOf } from "../support/documentedJson";
import { command } from "../support/programs/command";
import { temporaryFolder } from "../support/programs/saving";

const SESSION = "adf4238a-882b-9ddc-4a9d-5b6758e4159e";

describe("--format json", function () {
  this.timeout(60_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  const valid = archiveOf(stateOf([keyValue("app/a", "1")]));
  before(async () => {
    folder = await temporaryFolder();
    await writeFile(path("cut.snap"), valid.subarray(0, -5));
    const facts = factsOf(await readArchive(valid), path("valid.snap"));
    const manifest = { schema: 1, series: "s", purpose: "backup", consistency: "consistent", writtenBy: "t", ...facts };
    await writeFile(path("valid.snap"), valid);
    await writeFile(path("valid.snap.manifest.json"), JSON.stringify(manifest));
  });
  after(() => folder.remove());

  async function json(...args: string[]): Promise<{ code: number | null; value: unknown; err: string }> {
    const { code, out, err } = await command([...args, "--format", "json"]);
    return { code, value: JSON.parse(out), err };
  }

  interface Verified {
    archives: {
      source: string;
      ok: boolean;
      valid: boolean | null;
      manifest: string | null;
      error?: { code: string };
    }[];
  }

  it("verify: one document of the documented shape, with a verdict on each archive", async () => {
    const args = ["verify", path("valid.snap"), path("cut.snap"), path("nowhere.snap")];
    const { code, value, err } = await json(...args, "--consul-version", "1.13.9");
    expect({ code, err }).to.deep.equal({ code: 1, err: "" });
    expect(
      (value as Verified).archives.map(({ ok, valid: isValid, manifest, error }) => [
        ok,
        isValid,
        manifest,
        error?.code,
      ]),
    ).to.deep.equal([
      [true, true, "matches", undefined],
      [false, false, null, "ARCHIVE_TRUNCATED"],
      [false, null, null, "STORE_NOT_FOUND"],
    ]);
    expect(keysOf(value)).to.deep.equal(documentedKeys("verify"));
    expect((await json("verify", path("valid.snap"))).code).to.equal(0);
  });

  it("prune: what is kept and what is removed, with reasons, in the documented shape", async () => {
    const backups = path("backups");
    await mkdir(backups);
    for (const index of [1, 2, 3]) {
      const file = join(backups, `consul-${index}.snap`);
      const takenAt = daysAgo(9 - index);
      await keepAt(fileStore(), file, { takenAt, index });
      await utimes(file, takenAt, takenAt);
    }
    interface Pruned {
      series: string;
      dryRun: boolean;
      kept: { location: string; reasons: string[] }[];
      removed: { location: string; reasons: string[] }[];
      left: unknown[];
    }
    const args = ["prune", join(backups, "consul-{index}.snap"), "--series", SERIES, "--keep-last", "1"];
    const { code, value, err } = await json(...args, "--dry-run");
    expect(code, err).to.equal(0);
    const { kept, removed } = value as Pruned;
    expect(value).to.include({ series: SERIES, dryRun: true });
    expect(kept.map(({ location }) => location)).to.deep.equal([join(backups, "consul-3.snap")]);
    expect(removed.map(({ reasons }) => reasons)).to.deep.equal([["no rule keeps it"], ["no rule keeps it"]]);
    expect(keysOf(value)).to.deep.equal(documentedKeys("prune"));
    const noRule = await json(...args.slice(0, 4));
    expect(noRule.code).to.equal(2);
    expect(noRule.err).to.include("there is no rule of what to keep").and.include("--keep-last 7");
    expect(err).to.include("retention: kept 1, would remove 2");
    const names = async () => (await readdir(backups)).filter((name) => name.endsWith(".snap"));
    expect(await names()).to.have.lengthOf(3);
  });

  it("a failure is an error on standard output, and the same sentence on standard error", async () => {
    interface Failed {
      error: { code: string; message: string; hint: string };
    }
    for (const [args, problem, exit] of [
      [["verify", "--consul-version", "new", "x"], "ARGUMENT_INVALID", 2],
      [["verify"], "ARGUMENT_INVALID", 2],
      [["verify", "x", "--everything"], "ARGUMENT_INVALID", 2],
      [["prune", "./x/", "--keep-last", "1"], "ARGUMENT_INVALID", 2],
      [["prune", "./x/", "--series", "s", "--keep-last", "0"], "ARGUMENT_INVALID", 2],
      [["restore", "-", "--safety-snapshot", "none", "--yes"], "ARGUMENT_INVALID", 1],
      [["restore", "nowhere.snap", "--yes"], "ARGUMENT_INVALID", 1],
      [["restore", "nowhere.snap", "--safety-snapshot", "none"], "STORE_NOT_FOUND", 1],
    ] as const) {
      const { code, value, err } = await json(...args);
      expect(code, args.join(" ")).to.equal(exit);
      const { error } = value as Failed;
      expect(error.code).to.equal(problem);
      expect(err).to.include(`${error.message} (${problem})\n${error.hint}\n`);
      expect(keysOf(value)).to.deep.equal(documentedKeys("error"));
    }
  });

  it("inspect fails as Consul does: nothing on standard output", async () => {
    expect(await command(["inspect", "nowhere.snap", "--format", "json"])).to.include({ code: 2, out: "" });
    const { value } = await json("inspect", "--full", path("valid.snap"));
    expect(keysOf(value)).to.include.members(documentedKeys("inspect --full"));
  });

  it("get: a key with its flags and indexes, in the documented shape; also one that is not there", async () => {
    const { code, value } = await json("get", path("valid.snap"), "app/a");
    expect({ code, value }).to.deep.equal({
      code: 0,
      value: { key: "app/a", found: true, value: "1", flags: 0, createIndex: 10, modifyIndex: 10, lockIndex: 0 },
    });
    expect(keysOf(value)).to.deep.equal(documentedKeys("get"));
    const none = await json("get", path("valid.snap"), "app/b");
    expect({ code: none.code, value: none.value }).to.deep.equal({ code: 1, value: { key: "app/b", found: false } });
    const cut = await json("get", path("cut.snap"), "app/a");
    expect([cut.code, keysOf(cut.value)]).to.deep.equal([2, documentedKeys("error")]);
    expect(await command(["get", path("valid.snap"), "app/a"])).to.include({ code: 0, out: "1" });
  });

  it("get: a binary value is base64, and no digit of the flags is lost", async () => {
    const fields = { CreateIndex: 5, Key: "b", LockIndex: 3, ModifyIndex: 6, Session: SESSION };
    const record = { type: 2, value: { ...fields, Flags: 2n ** 64n - 1n, Value: Buffer.from([0, 0xff]) } };
    await writeFile(path("binary.snap"), archiveOf(stateOf([record])));
    const { out } = await command(["get", path("binary.snap"), "b", "--format", "json"]);
    expect(out).to.include('"flags": 18446744073709551615,');
    const { key, value, lockIndex, session } = JSON.parse(out) as Record<string, unknown>;
    expect({ key, value, lockIndex, session }).to.deep.equal({
      key: "b",
      value: { base64: "AP8=" },
      lockIndex: 3,
      session: SESSION,
    });
  });

  it("export and completion: the documented shapes", async () => {
    const { value } = await json("export", path("valid.snap"));
    expect(keysOf(value)).to.deep.equal(documentedKeys("export"));
    expect(await command(["export", path("valid.snap")])).to.include({ out: `${JSON.stringify(value, null, "\t")}\n` });
    const script = (await command(["completion", "bash"])).out;
    expect((await json("completion", "bash")).value).to.deep.equal({ shell: "bash", script });
    expect(documentedKeys("completion")).to.deep.equal(["script", "shell"]);
  });

  it("each command has it", () => {
    for (const { name, options } of COMMANDS) expect(options["format"]?.choices, name).to.include("json");
  });

  it("is documented: each block of the page is JSON", () => {
    const page = readFileSync("docs/reference/command.md", "utf8");
    // The agent prints JSON with another flag only, and inspect what Consul prints.
    const named = COMMANDS.map(({ name }) => (name === "agent" ? "agent -check-config" : name)).filter(
      (name) => name !== "inspect",
    );
    for (const name of ["error", "inspect --full", "restore --plan", "restore", ...named]) {
      expect(page).to.include(`<!-- json: ${name} -->`);
      expect(documentedKeys(name)).to.not.be.empty;
    }
  });
});
