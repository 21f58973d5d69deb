import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { archiveOf } from "../../fixtures/archive";
import { keyValue, stateOf } from "../../fixtures/state";
import { runHere } from "../../support/programs/commandLine";
import { temporaryFolder } from "../../support/programs/saving";

describe("what is not there", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  beforeEach(async () => {
    folder = await temporaryFolder();
    await writeFile(path("a.snap"), archiveOf(stateOf([keyValue("app/a", "1"), keyValue("empty", "")])));
  });
  afterEach(() => folder.remove());

  it("a key is quoted, and the hint lists those that are there", async () => {
    for (const [key, quoted] of [
      ["", '""'],
      ["app/", '"app/"'],
    ] as const) {
      const { code, err } = await runHere(["get", path("a.snap"), key]);
      expect(code).to.equal(1);
      expect(err).to.equal(
        `there is no key ${quoted} in ${path("a.snap")}\nAll keys: consul-snapshot export '${path("a.snap")}'\n`,
      );
    }
    expect((await runHere(["export", path("a.snap")])).out).to.include('"app/a"');
    expect(await runHere(["get", path("a.snap"), "empty"])).to.deep.equal({ code: 0, out: "", err: "" });
  });

  it("a list without archives names its place, and what lists the rest", async () => {
    const listed = await runHere(["list", folder.path]);
    expect(listed.code).to.equal(0);
    expect(listed.err).to.equal(
      `no archive with a manifest is at ${folder.path}\nAdd --all to list what is there without a manifest.\n`,
    );
    await Promise.all(["c.snap", "b.snap"].map((name) => copyFile(path("a.snap"), path(name))));
    const all = await runHere(["list", folder.path, "--all"]);
    // Sorted, without the heading of what there is none of.
    expect(all.out.replaceAll(/ \(.*/g, "")).to.equal(
      `\nObjects without a manifest\n  ${path("a.snap")}\n  ${path("b.snap")}\n  ${path("c.snap")}\n`,
    );
    expect(all.err)
      .to.match(new RegExp(`^no archive with a manifest is at ${folder.path}\n`))
      .and.include(`consul-snapshot adopt '${path("a.snap")}' --series `);
    await writeFile(path("a.snap.manifest.json"), "{}");
    expect((await runHere(["list", folder.path, "--series", "shop"])).err).to.equal(
      `no archive with a manifest of the series "shop" is at ${folder.path}\nnot listed: 1 archive whose manifest cannot be read; --all lists them\n`,
    );
  });

  it("status names an archive that was never adopted, also beside one that is too old", async () => {
    const status = (...more: string[]) => runHere(["status", folder.path, "--max-age", "1h", ...more]);
    const none = await status();
    expect(none.code).to.equal(1);
    expect(none.out)
      .to.match(/^NOT OK: there is no archive with a manifest\n/)
      .and.include(`${path("a.snap")} has no manifest, so it does not count`)
      .and.include(`consul-snapshot adopt '${path("a.snap")}' --series `);
    expect((await runHere(["adopt", path("a.snap"), "--series", "a/b/c/d"])).code).to.equal(0);
    expect((await status()).out)
      .to.match(/^NOT OK: a\/b\/c\/d: the newest .* old/)
      .and.not.include("manifest");
    await copyFile(path("a.snap"), path("b.snap"));
    await writeFile(path("notes.txt"), "");
    const { series } = JSON.parse((await status("--format", "json")).out) as { series: { unadopted?: string }[] };
    expect(series.map(({ unadopted }) => unadopted)).to.deep.equal([path("b.snap")]);
    expect((await runHere(["status", folder.path, "--max-age", "9999d"])).out)
      .to.match(/^OK/)
      .and.not.include("adopt");
  });

  it("an archive whose manifest cannot be read: what is said of it is true, and the hint works", async () => {
    await writeFile(path("a.snap.manifest.json"), "{}");
    await writeFile(path("README.md"), "");
    const ways = [
      () => runHere(["list", folder.path, "--all"]),
      () => runHere(["status", folder.path, "--max-age", "1h"]),
    ];
    for (const way of ways) {
      const { out, err } = await way();
      expect(out + err)
        .to.include("delete the one that cannot be read, and run: consul-snapshot adopt")
        .and.include(`'${path("a.snap")}'`)
        .and.not.include("has no manifest");
    }
    // One that adopt takes as it is comes first.
    await copyFile(path("a.snap"), path("b.snap"));
    for (const way of ways) {
      const { out, err } = await way();
      expect(out + err)
        .to.include(`write its manifest: consul-snapshot adopt '${path("b.snap")}'`)
        .and.not.include("delete");
    }
    await rm(path("a.snap.manifest.json"));
    expect((await runHere(["adopt", path("a.snap"), path("b.snap"), "--series", "a/b/c/d"])).code).to.equal(0);
    expect((await runHere(["list", folder.path, "--all"])).err).to.equal("");
  });

  it("the name of an archive that is taken: the hint has the option of the command", async () => {
    await mkdir(path("sub"));
    const copy = ["copy", path("a.snap"), `${path("sub")}/`];
    expect((await runHere(copy)).code).to.equal(0);
    const taken = await runHere(copy);
    expect(taken.err).to.include("(STORE_EXISTS)").and.include(", or add --overwrite.").and.not.include("true");
    expect((await runHere([...copy, "--overwrite"])).code).to.equal(0);
  });

  it("prune calls the archive that was not just saved the newest", async () => {
    await runHere(["adopt", path("a.snap"), "--series", "a/b/c/d"]);
    const pruned = await runHere(["prune", path("{random}.snap"), "--series", "a/b/c/d", "--keep-last", "1"]);
    expect(pruned.out).to.include(`kept ${path("a.snap")}: the newest, last 1`);
    const listed = await runHere(["list", folder.path, "--keep-last", "1"]);
    expect(listed.out).to.include("kept: the newest, last 1");
  });

  it("an operand is described as what it is", async () => {
    expect((await runHere(["diff", path("a.snap")])).err).to.match(
      /^diff needs B: the other archive, or "live"; what only it has is added/,
    );
  });
});
