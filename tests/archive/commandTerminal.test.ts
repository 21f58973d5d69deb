import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { archiveOf, metaJson } from "../fixtures/archive";
import { keyValue, stateOf } from "../fixtures/state";
import { command } from "../support/programs/command";
import { temporaryFolder } from "../support/programs/saving";

/** Each would forge a line, move the cursor, or turn text round. */
const HOSTILE = [
  "a\u001b[2K\u001b[1AKVS",
  "b\u009b2K",
  "c\u202edlrow",
  "d\u2066x\u2069",
  "e\n ----                ----       ----\n Total                          0",
  "f\rTotal",
  "g\tx\u000bx\u000c",
  "h\u2028x\u2029x",
  "i\u200b\u200fx\ufeff",
  "j\u0085k\u007f",
];

const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

describe("the command and its terminal", function () {
  this.timeout(60_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  before(async () => {
    folder = await temporaryFolder();
    const valid = archiveOf(stateOf([keyValue("app/a", "1")]));
    await writeFile(path("valid.snap"), valid);
    await writeFile(path("cut.snap"), valid.subarray(0, -5));
    await writeFile(path("hostile.snap"), archiveOf(stateOf(HOSTILE.map((key) => keyValue(key, "1")))));
  });
  after(() => folder.remove());

  it("shows keys of an archive that would control a terminal, each in one line", async () => {
    const { code, out } = await command(["inspect", "--kvdetails", "--kvdepth", "9", path("hostile.snap")]);
    expect(code).to.equal(0);
    expect(out).to.not.match(UNSAFE);
    const [, keys = ""] = out.split(/Key Name .*\n .*\n/);
    const lines = keys.split("\n ----")[0]?.split("\n") ?? [];
    expect(lines).to.have.lengthOf(HOSTILE.length);
    for (const line of lines) expect(line).to.match(/^ [a-j].* 1 +\d+B$/);
  });

  it("prints JSON whose strings are the archive's own, and that no terminal acts on", async () => {
    const args = ["inspect", "--kvdetails", "--kvdepth", "9", "--format", "json", path("hostile.snap")];
    const { out } = await command(args);
    expect(out).to.not.match(UNSAFE);
    const { StatsKV } = JSON.parse(out) as { StatsKV: { Name: string }[] };
    expect(StatsKV.map(({ Name }) => Name)).to.have.members(HOSTILE);
  });

  it("shows an id of meta.json in one line", async () => {
    const state = stateOf([keyValue("app/a", "1")]);
    const meta = metaJson(state.length, { ID: "2-7-1\n Size  0\u001b[2K" });
    await writeFile(path("id.snap"), archiveOf(state, meta));
    const { out } = await command(["inspect", path("id.snap")]);
    expect(out).to.match(/^ ID +2-7-1 Size 0 \[2K\n Size /);
  });

  it("shows file names that would control a terminal in one line", async () => {
    const { code, out } = await command(["verify", "x.snap\u001b[2K\rvalid.snap: valid\n"]);
    expect(code).to.equal(2);
    expect(out).to.not.match(UNSAFE);
    expect(out.split("\n")[0]).to.match(/^x\.snap.*STORE_NOT_FOUND/);
  });

  it("judges the rest when its reader goes away: the exit code is that of the archives", async () => {
    expect(await shell("$CS verify valid.snap valid.snap valid.snap cut.snap | true; exit ${PIPESTATUS[0]}")).to.equal(
      1,
    );
    expect(await shell("$CS verify valid.snap valid.snap | head -1; exit ${PIPESTATUS[0]}")).to.equal(0);
    expect(await shell("$CS verify --format json valid.snap cut.snap | true; exit ${PIPESTATUS[0]}")).to.equal(1);
    expect(await shell("$CS inspect valid.snap | true; exit ${PIPESTATUS[0]}")).to.equal(0);
  });

  for (const args of [
    "verify valid.snap",
    "inspect valid.snap",
    "inspect --format json valid.snap",
    "--help",
    "--version",
  ]) {
    it(`fails with a sentence when the disk is full: ${args}`, async () => {
      const said = { err: "" };
      expect(await shell(`$CS ${args} > /dev/full`, said)).to.equal(2);
      expect(said.err)
        .to.match(/^standard output cannot be written \(ENOSPC\)\n.*\n$/)
        .and.not.include("    at ");
    });
  }

  it("refuses a run id with control characters, and shows none of them", async () => {
    const args = ["--safety-snapshot", path("safety/"), "--yes", "--http-addr", "127.0.0.1:1"];
    const { code, err } = await command([
      "restore",
      path("valid.snap"),
      ...args,
      "--run-id",
      "one\nrun id: other\u001b[2K",
    ]);
    expect(code).to.equal(1);
    expect(err).to.match(
      /^--run-id: the run id contains characters that are invisible .*: write "one run id: other\[2K" /m,
    );
    expect(err)
      .to.not.match(UNSAFE)
      .and.not.match(/^run id: other/m);
  });

  it("says nothing when standard error is gone or full, and ends with the same code", async () => {
    expect(await shell("$CS verify cut.snap 2> /dev/full")).to.equal(1);
    expect(await shell("$CS inspect nowhere.snap 2>&-")).to.equal(2);
    expect(await shell("$CS inspect nowhere.snap 2> /dev/full")).to.equal(2);
    expect(await shell("$CS verify valid.snap 2>&-")).to.equal(0);
  });

  async function shell(line: string, said = { err: "" }): Promise<number | null> {
    const CS = `${process.execPath} ${resolve("dist/cli/main.js")}`;
    const child = spawn("bash", ["-c", line], {
      cwd: folder.path,
      env: { ...process.env, CS },
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.on("data", (bytes: Buffer) => (said.err += bytes.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return code;
  }
});
