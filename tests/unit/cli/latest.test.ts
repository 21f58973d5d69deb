import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect } from "chai";
import { runCommandLine } from "../../../cli/commandLine";
import { describeCommand } from "../../../cli/description/command";
import { sourceOptions } from "../../../cli/options/source";
import { resolveSources } from "../../../cli/source/sources";
import { Output } from "../../../cli/terminal/output";
import { SnapshotError } from "../../../provider/errors";
import { fileStore } from "../../../provider/store/file/store";
import { recordArchive } from "../../../provider/retention/recordArchive";
import { daysAgo, keepAt, pruneAfter, SERIES } from "../../support/archives/prunedArchives";
import { runHere } from "../../support/programs/commandLine";
import { temporaryFolder } from "../../support/programs/saving";

const read = describeCommand({
  name: "read",
  summary: "Reads",
  operands: [{ name: "SOURCE", doc: "an archive", source: true }],
  options: sourceOptions,
  examples: [
    { does: "a", line: "a" },
    { does: "b", line: "b" },
  ],
  exitCodes: [],
  run: () => Promise.resolve(0),
});

const OK = { ok: true, consulVersion: "1.13.9", basis: "tried", reasons: [] } as const;

describe("--latest", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  beforeEach(async () => (folder = await temporaryFolder()));
  afterEach(() => folder.remove());

  const resolve = async (name: string, options: Record<string, unknown> = { latest: true }): Promise<string> => {
    const { operands } = await resolveSources({ operands: [name], options: options as { latest?: boolean } }, read);
    return operands[0] ?? "";
  };
  const failureOf = async (work: Promise<unknown>): Promise<SnapshotError> => {
    try {
      await work;
    } catch (error) {
      if (error instanceof SnapshotError) return error;
    }
    throw new Error("it did not fail");
  };

  it("is the newest archive that is restorable, intact and a backup, whatever the names", async () => {
    const store = fileStore();
    await keepAt(store, path("b.snap"), { takenAt: daysAgo(3), index: 3, restorable: OK });
    await keepAt(store, path("z.snap"), { takenAt: daysAgo(4), index: 2 });
    await keepAt(store, path("safety.snap"), { takenAt: daysAgo(1), index: 5, purpose: "safety" });
    await keepAt(store, path("c.snap"), { takenAt: daysAgo(2), index: 4, restorable: { ...OK, ok: false } });
    await keepAt(store, path("gone.snap"), { takenAt: daysAgo(0), index: 9 });
    await store.delete(path("gone.snap"));
    await keepAt(store, path("cut.snap"), { takenAt: daysAgo(0), index: 9 });
    await store.put(path("cut.snap"), pieces("x"), { overwrite: true });
    expect(await resolve(folder.path)).to.equal(path("b.snap"));
    expect(await resolve(`${folder.path}/`)).to.equal(path("b.snap"));
    const none = await failureOf(resolve(path("other-{timestamp}.snap")));
    expect(none.code).to.equal("STORE_NOT_FOUND");
    expect(await resolve(path("z.snap")), "an archive is itself").to.equal(path("z.snap"));
    expect(await resolve("-")).to.equal("-");
  });

  it("says so if only safety snapshots are there, as status does", async () => {
    const store = fileStore();
    await keepAt(store, path("safety.snap"), { takenAt: daysAgo(1), index: 5, purpose: "safety", series: "one" });
    await keepAt(store, path("c.snap"), { takenAt: daysAgo(2), index: 4, restorable: { ...OK, ok: false } });
    const { code, message, hint } = await failureOf(resolve(folder.path));
    expect({ code, message, hint }).to.deep.equal({
      code: "STORE_NOT_FOUND",
      message: `the only restorable archives at ${folder.path} are safety snapshots of restores`,
      hint: `Specify one by its path: consul-snapshot list '${folder.path}'`,
    });
    const other = await failureOf(resolve(folder.path, { latest: true, series: "two" }));
    expect(other.message).to.equal(`no restorable archive of the series "two" is at ${folder.path}`);
    await store.delete(path("c.snap"));
    await store.delete(path("c.snap.manifest.json"));
    const status = await runHere(["status", folder.path, "--max-age", "1h"]);
    expect(status).to.include({
      code: 1,
      out: "NOT OK: there are only safety snapshots of restores, which do not count\n",
    });
  });

  it("is none of the future, and none that somebody has added to a series with a record", async () => {
    const store = fileStore();
    const own = await keepAt(store, path("a.snap"), { takenAt: daysAgo(2), index: 2 });
    await pruneAfter(store, path("{timestamp}.snap"), own, { keepLast: 3 });
    expect(await resolve(folder.path)).to.equal(path("a.snap"));
    await keepAt(store, path("added.snap"), { takenAt: daysAgo(1), index: 3 });
    const added = await failureOf(resolve(folder.path));
    expect(added.code).to.equal("ARGUMENT_INVALID");
    expect(added.message).to.include(`no run has recorded ${path("added.snap")}, so somebody may have added it`);
    expect(added.hint).to.include(`consul-snapshot list '${folder.path}'`);
    const judge = ["status", folder.path, "--max-age", "72h"];
    const unrecorded = "no run has recorded the newest restorable archive, so somebody may have added it";
    const judged = await runHere(judge);
    expect(judged.code).to.equal(1);
    expect(judged.out).to.include(`${unrecorded}\n  ${path("added.snap")}`);
    const json = JSON.parse((await runHere([...judge, "--format", "json"])).out) as { series: readonly object[] };
    expect(json.series[0]).to.include({ ok: false, reason: "notRecorded", location: path("added.snap") });
    const adopted = await keepAt(store, path("added.snap"), { takenAt: daysAgo(1), index: 3 });
    await recordArchive(store, adopted.stored, adopted.manifest, new AbortController().signal);
    expect(await resolve(folder.path), "recorded").to.equal(path("added.snap"));
    expect((await runHere(judge)).code, "recorded").to.equal(0);
    await keepAt(store, path("skewed.snap"), { takenAt: daysAgo(-2), index: 1, series: "other" });
    const skewed = await failureOf(resolve(folder.path, { latest: true, series: "other" }));
    expect(skewed.message)
      .to.include(`the time of ${path("skewed.snap")}`)
      .and.include("is in the future");
  });

  it("is the added one, and status is OK, once a person has run what status prints", async () => {
    const store = fileStore();
    const own = await keepAt(store, path("consul-1.snap"), { takenAt: daysAgo(2), index: 2 });
    await pruneAfter(store, path("consul-{index}.snap"), own, { keepLast: 3, keepDaily: 7 });
    await keepAt(store, path("consul-2.snap"), { takenAt: daysAgo(1), index: 3 });
    const judge = ["status", folder.path, "--max-age", "72h"];
    const { out } = await runHere(judge);
    const command = `prune '${folder.path}/' --series '${SERIES}' --keep-daily 7 --keep-last 3`;
    expect(out).to.include(`run it without --dry-run: consul-snapshot ${command} --dry-run\n`);
    const typed = command.replaceAll("'", "").split(" ");
    const listed = await runHere([...typed, "--dry-run"]);
    expect(listed.out).to.match(/kept \S+consul-2\.snap: the newest, .*, no run has recorded it\n/);
    expect((await runHere(judge)).code, "listed").to.equal(1);
    expect((await runHere(typed)).code).to.equal(0);
    expect((await runHere(judge)).code, "counted").to.equal(0);
    expect(await resolve(folder.path)).to.equal(path("consul-2.snap"));
  });

  it("is none that somebody has added below the folder of the record, where the name has a placeholder for a folder", async () => {
    const store = fileStore();
    const own = await keepAt(store, path("dc1/consul-1.snap"), { takenAt: daysAgo(2), index: 2 });
    await pruneAfter(store, path("{datacenter}/consul-{index}.snap"), own, { keepLast: 3 });
    expect(await resolve(path("dc1"))).to.equal(path("dc1/consul-1.snap"));
    await keepAt(store, path("dc1/consul-2.snap"), { takenAt: daysAgo(1), index: 3 });
    for (const place of [folder.path, path("dc1/"), path("{datacenter}/")]) {
      const { code, out } = await runHere(["status", place, "--max-age", "72h"]);
      expect(code, place).to.equal(1);
      expect(out, place).to.match(/no run has recorded .*\n.*consul-2\.snap\n$/);
    }
    expect((await failureOf(resolve(path("dc1")))).message).to.include("no run has recorded");
    // A folder of another target, without retention, has no record.
    await keepAt(store, path("manual/consul-9.snap"), { takenAt: daysAgo(0), index: 9 });
    expect(await resolve(path("manual"))).to.equal(path("manual/consul-9.snap"));
    expect((await runHere(["status", path("manual/"), "--max-age", "72h"])).code).to.equal(0);
    // A target of its own below has a record of its own.
    const nested = await keepAt(store, path("dc1/nested/consul-3.snap"), { takenAt: daysAgo(1), index: 4 });
    await pruneAfter(store, path("dc1/nested/consul-{index}.snap"), nested, { keepLast: 3 });
    expect(await resolve(path("dc1/nested"))).to.equal(path("dc1/nested/consul-3.snap"));
  });

  it("asks which series where there are several", async () => {
    const store = fileStore();
    await keepAt(store, path("a.snap"), { takenAt: daysAgo(1), index: 1, series: "one" });
    await keepAt(store, path("b.snap"), { takenAt: daysAgo(2), index: 1, series: "two" });
    const { code, message, hint } = await failureOf(resolve(folder.path));
    expect({ code, hint }).to.deep.equal({
      code: "ARGUMENT_INVALID",
      hint: 'Choose one with --series, such as --series "one".',
    });
    expect(message).to.include("2 series: one, two");
    expect(await resolve(folder.path, { latest: true, series: "two" })).to.equal(path("b.snap"));
    const none = await failureOf(resolve(folder.path, { latest: true, series: "three" }));
    expect(none.code).to.equal("STORE_NOT_FOUND");
  });

  it("takes no manifest for an archive, and names its archive", async () => {
    const failure = await failureOf(resolve(path("a b.snap.manifest.json"), {}));
    expect(failure.message).to.equal(`source ${path("a b.snap.manifest.json")} is a manifest, not an archive`);
    expect(failure.hint).to.equal(`Specify its archive: '${path("a b.snap")}'`);
  });

  it("is what a folder needs, and --series needs it", async () => {
    expect((await failureOf(resolve(folder.path, {}))).hint).to.include("--latest");
    expect((await failureOf(resolve("s3://bucket/x/", {}))).hint).to.include("--latest");
    expect((await failureOf(resolve(`${folder.path}/`, {}))).message).to.equal(
      `source ${folder.path}/ is a folder, not an archive`,
    );
    const secret = "s3://bucket/x/?region=hunter2";
    expect((await failureOf(resolve(secret, {}))).message).to.equal(
      "source s3://bucket/x/ is a folder, not an archive",
    );
    expect((await failureOf(resolve("x.snap", { series: "one" }))).hint).to.include("--latest");
    expect(await resolve("s3://bucket/x.snap", {})).to.equal("s3://bucket/x.snap");
  });

  it("exit codes: 1 where an archive is invalid, 2 for usage; a command that documented others keeps them", async () => {
    const run = async (...args: string[]): Promise<number> => {
      const [output, errors] = [new Output(new PassThrough()), new Output(new PassThrough())];
      return runCommandLine(args, { output, errors });
    };
    expect(await run()).to.equal(2);
    expect(await run("nothing")).to.equal(2);
    expect(await run("inspect")).to.equal(2);
    expect(await run("inspect", path("nowhere.snap"))).to.equal(2);
    // What is typed wrongly shows only when it runs.
    for (const wrong of [
      ["prune", folder.path, "--series", "one"],
      ["prune", folder.path, "--series", "one", "--keep-last", "few"],
      ["prune", "s3://", "--series", "one", "--keep-last", "1"],
      ["inspect", folder.path],
      ["verify", path("a.snap"), "--series", "one"],
    ]) {
      expect(await run(...wrong), wrong.join(" ")).to.equal(2);
    }
    expect(await run("prune", `${folder.path}/`, "--series", "nobody's", "--keep-last", "1")).to.equal(1);
    expect(await run("restore", "x.snap")).to.equal(1);
    expect(await run("completion", "tcsh")).to.equal(2);
  });
});

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}
