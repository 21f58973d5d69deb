import { chmod, mkdir, readdir, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { COMMANDS } from "../../cli/commands";
import { encrypt } from "../../provider/age/encrypt";
import { factsOf } from "../../provider/catalog/archiveFacts";
import { fileStore } from "../../provider/store/file/store";
import { archiveOf } from "../fixtures/archive";
import { readArchive } from "../fixtures/reading";
import { keyValue, stateOf } from "../fixtures/state";
import { collect, keyPair } from "../support/archives/ageKeys";
import { daysAgo, keepAt, SERIES } from "../support/archives/prunedArchives";
import { withoutRights } from "../support/faults/unprivileged";
import { runHere } from "../support/programs/commandLine";
import { temporaryFolder } from "../support/programs/saving";

/** 0: done. 1: what was asked about is not so. 2: typed wrongly, or could not look. `@` stands before each path. */
const CASES: readonly (readonly [number, string])[] = [
  [0, "list @empty/"],
  [2, "list @missing/"],
  [2, "list @file/x/"],
  [0, "status @backups/ --max-age 26h"],
  [1, "status @backups/ --max-age 1ms"],
  [1, "status @backups/ --max-age 26h --series another"],
  [1, "status @empty/ --max-age 26h"],
  [1, "status @missing/ --max-age 26h"],
  [1, "status @missing/below/{random}.snap --max-age 26h"],
  [2, "status @nowhere/ --max-age 26h"],
  [2, "status @nowhere/below/ --max-age 26h"],
  [2, "status @file/x/ --max-age 26h"],
  [2, "status @backups/"],
  [2, "status @backups/ --max-age soon"],
  [0, "inspect @a.snap"],
  [0, "inspect @backups/ --latest"],
  [1, "inspect @cut.snap"],
  [2, "inspect @missing.snap"],
  [2, "inspect @empty/ --latest"],
  [2, "inspect @a.snap.age"],
  [0, "verify @a.snap"],
  [0, "verify @valid/"],
  [1, "verify @cut.snap"],
  [1, "verify @differs.snap"],
  [1, "verify @a.snap @cut.snap @missing.snap"],
  [1, "verify @missing.snap @cut.snap"],
  [2, "verify @a.snap @missing.snap"],
  [2, "verify @a.snap.age"],
  [1, "verify @empty/"],
  [1, "verify @missing/"],
  [2, "verify @nowhere/"],
  [1, "verify @records.snap --consul-version 1.8.7"],
  [2, "verify @a.snap --consul-version new"],
  [0, "diff @a.snap @a.snap"],
  [1, "diff @a.snap @b.snap"],
  [2, "diff @a.snap @cut.snap"],
  [2, "diff @a.snap @missing.snap"],
  [0, "export @a.snap"],
  [1, "export @a.snap --prefix nothing"],
  [2, "export @cut.snap"],
  [2, "export @missing.snap"],
  [0, "get @a.snap app/a"],
  [1, "get @a.snap app"],
  [2, "get @cut.snap app/a"],
  [2, "get @missing.snap app/a"],
  [2, "pack @empty @packed.snap"],
  [2, "pack @missing @packed.snap"],
  [2, `pack @empty @packed.snap --series ${"s".repeat(201)}`],
  [0, "copy @a.snap @copies/"],
  [2, "copy @a.snap @copies/"],
  [1, "copy @cut.snap @copies/"],
  [1, "copy @differs.snap @copies/"],
  [2, "copy @missing.snap @copies/"],
  [2, "copy @b.snap @file/x/"],
  [0, `adopt @b.snap --series ${SERIES}`],
  [2, `adopt @b.snap --series ${SERIES}`],
  [1, `adopt @cut.snap --series ${SERIES}`],
  [2, `adopt @missing.snap --series ${SERIES}`],
  [0, `prune @old/ --series ${SERIES} --keep-last 1 --dry-run`],
  [1, `prune @old/ --series another --keep-last 1`],
  [1, `prune @empty/ --series ${SERIES} --keep-last 1`],
  [2, `prune @missing/ --series ${SERIES} --keep-last 1`],
  [2, `prune @file/x/ --series ${SERIES} --keep-last 1`],
  [2, `prune @old/ --series ${SERIES}`],
  [0, "keygen @new.key"],
  [2, "keygen @new.key"],
  [0, "completion bash"],
  [2, "completion csh"],
  [2, "save @saved/ --http-addr 127.0.0.1:1"],
  // A restore has codes of its own: 1 is that nothing was restored.
  [1, "restore @a.snap --fast"],
  [1, "restore @empty/ --latest --plan"],
  [2, "agent -interval=often"],
  [2, ""],
  [2, "version"],
  [0, "--version"],
];

const OLDEST = "old/consul-dc1-20261101T020000Z-1-a1f1.snap";

describe("exit codes", function () {
  this.timeout(60_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  before(async () => {
    folder = await temporaryFolder();
    const archive = archiveOf(stateOf([keyValue("app/a", "1")]));
    const other = archiveOf(stateOf([keyValue("app/a", "2")]));
    const { recipient } = await keyPair();
    for (const name of ["backups", "empty", "old", "valid"]) await mkdir(path(name));
    await symlink(path("not-mounted"), path("nowhere"));
    await writeFile(path("file"), "");
    const facts = factsOf(await readArchive(archive), path("backups/a.snap"));
    const about = { schema: 1, series: SERIES, purpose: "backup", consistency: "consistent", writtenBy: "tests" };
    const manifest = JSON.stringify({ ...facts, ...about, takenAt: new Date().toISOString() });
    for (const name of ["a.snap", "valid/a.snap", "backups/a.snap"]) await writeFile(path(name), archive);
    await writeFile(path("backups/a.snap.manifest.json"), manifest);
    await writeFile(path("b.snap"), other);
    await writeFile(path("differs.snap"), other);
    await writeFile(path("differs.snap.manifest.json"), manifest);
    await writeFile(path("cut.snap"), archive.subarray(0, -5));
    await writeFile(path("records.snap"), archiveOf(stateOf([{ type: 33, value: { Key: "a", Value: "b" } }])));
    await writeFile(path("a.snap.age"), await collect(encrypt(chunks(archive), [recipient])));
    for (const index of [1, 2]) {
      const name = OLDEST.replaceAll("1-a1f1", `${index}-a1f1`);
      await keepAt(fileStore(), path(name), { takenAt: daysAgo(9 - index), index });
    }
    const hourAgo = new Date(Date.now() - 3_600_000);
    await utimes(path(OLDEST), hourAgo, hourAgo);
  });
  after(() => folder.remove());

  async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
    await Promise.resolve();
    yield bytes;
  }

  for (const [code, line] of CASES) {
    it(`${code}: ${line === "" ? "no command" : line.replaceAll("@", "")}`, async () => {
      const ran = await runHere(
        line === "" ? [] : line.split(" ").map((word) => word.replace(/^@/, `${folder.path}/`)),
      );
      expect(ran.code, ran.out + ran.err).to.equal(code);
      if (code !== 0) expect(ran.out + ran.err).to.not.equal("");
    });
  }

  it("are shown for every command, and each is one that it documents", () => {
    for (const { name, exitCodes } of COMMANDS) {
      const shown = CASES.filter(([, line]) => line.startsWith(`${name} `)).map(([code]) => code);
      expect(shown, name).to.not.be.empty;
      expect(exitCodes.map(({ code }) => code)).to.include.members(shown);
    }
  });

  it("prune: 2 where an archive stays that no rule keeps, because a right is missing", async () => {
    const args = ["prune", path("old/"), "--series", SERIES, "--keep-last", "1"];
    await chmod(folder.path, 0o755);
    for (const name of await readdir(path("old"))) await chmod(path(`old/${name}`), 0o644);
    await chmod(path("old"), 0o555);
    const { code, out, err } = await withoutRights(() => runHere([...args, "--format", "json"]));
    await chmod(path("old"), 0o755);
    expect(code, err).to.equal(2);
    const { removed, left } = JSON.parse(out) as { removed: unknown[]; left: { location: string; code: string }[] };
    expect(removed).to.deep.equal([]);
    expect(left.map((each) => [each.location, each.code])).to.deep.equal([[path(OLDEST), "STORE_DENIED"]]);
    expect((await runHere(args)).code).to.equal(0);
    expect((await readdir(path("old"))).filter((name) => OLDEST.endsWith(name))).to.deep.equal([]);
  });

  it("status: 2 for a folder that may not be read, and for one below it", async () => {
    await chmod(folder.path, 0o755);
    await mkdir(path("denied"), { mode: 0o000 });
    for (const name of ["denied/", "denied/below/"]) {
      const { code, err } = await withoutRights(() => runHere(["status", path(name), "--max-age", "26h"]));
      expect(code, err).to.equal(2);
      expect(err).to.include("(STORE_DENIED)");
    }
  });
});
