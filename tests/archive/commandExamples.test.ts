import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { COMMANDS } from "../../cli/commands";
import { encrypt } from "../../provider/age/encrypt";
import { fileStore } from "../../provider/store/file/store";
import { factsOf } from "../../provider/catalog/archiveFacts";
import { readArchive } from "../fixtures/reading";
import { archiveOf } from "../fixtures/archive";
import { keyValue, stateOf } from "../fixtures/state";
import { collect, keyPair } from "../support/archives/ageKeys";
import { daysAgo, keepAt } from "../support/archives/prunedArchives";
import { CONSUL_NAMES, consulBinary } from "../support/consul/consul";
import { command } from "../support/programs/command";
import { temporaryFolder } from "../support/programs/saving";

/** Examples with a cluster or with the disk of a server: tests/consul plays these. */
const NEEDS_MORE = /\blive\b|snapshot pack/;
/** What the examples of --help name. */
const SERIES = "acme/shop/prod/nightly";

describe("--help", function () {
  this.timeout(60_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    folder = await temporaryFolder();
    const path = (name: string): string => join(folder.path, name);
    const archive = archiveOf(stateOf([keyValue("app/a", "1")]));
    const { identity, recipient } = await keyPair();
    await mkdir(path("backups"));
    await writeFile(path("consul-dc1.snap"), archive);
    await writeFile(path("backups/one.snap"), archive);
    await mkdir(path("valid"));
    await writeFile(path("valid/one.snap"), archive);
    for (const name of ["old.snap", "new.snap"]) await writeFile(path(name), archive);
    await writeFile(path("consul-dc1.snap.age"), await collect(encrypt(chunks(archive), [recipient])));
    await writeFile(path("backup.key"), `${identity}\n`);
    const name = "consul-dc1-20261101T020000Z-7-a1f1.snap";
    const facts = factsOf(await readArchive(archive), path("backups/real.snap"));
    const about = { schema: 1, series: SERIES, purpose: "backup", consistency: "consistent", writtenBy: "tests" };
    const manifest = { ...facts, ...about, takenAt: new Date().toISOString() };
    await writeFile(path("backups/real.snap"), archive);
    await writeFile(path("backups/real.snap.manifest.json"), JSON.stringify(manifest));
    await keepAt(fileStore(), path(`backups/${name}`), { takenAt: daysAgo(2), index: 7, series: SERIES });
  });
  after(() => folder.remove());

  for (const { name, examples, exitCodes, summary } of COMMANDS) {
    it(`describes ${name} with its examples and exit codes, as help ${name} does`, async () => {
      const { code, out, err } = await command([name, "--help"]);
      expect({ code, err }).to.deep.equal({ code: 0, err: "" });
      expect(out.replaceAll(/\s+/g, " ")).to.include(summary);
      for (const { line } of examples) expect(out).to.include(`\n  ${line}\n`);
      for (const exit of exitCodes) expect(out).to.match(new RegExp(`^  ${exit.code}  `, "m"));
      expect(await command(["help", name])).to.deep.equal({ code, out, err });
      expect((await command(["--help"])).out).to.include(`\n  ${name}`);
    });
    // Those that need a cluster are run by the suites that have a Consul.
    if (["restore", "save", "agent"].includes(name)) continue;
    for (const { does, line } of examples.filter((example) => !NEEDS_MORE.test(example.line))) {
      it(`${name} has an example that works: ${does}`, async () => {
        // The archive that prune finds there has a manifest and no content.
        const shownLine = line.replace("verify ./backups/", "verify ./valid/");
        expect(await shell(shownLine)).to.equal(0);
      });
    }
  }

  function shell(line: string): Promise<number | null> {
    const script = `consul-snapshot() { "${process.execPath}" "${resolve("dist/cli/main.js")}" "$@"; }\n${line}`;
    return new Promise((done) => {
      const child = execFile("bash", ["-c", script], { cwd: folder.path });
      child.once("close", done);
    });
  }
});

describe("inspect of honest keys", function () {
  this.timeout(60_000);

  /** As Consul's HTTP API accepts them. */
  const KEYS = [
    "app/web",
    "größe/é",
    "данные/ключ",
    "日本語/キー",
    "مفتاح/قيمة",
    "emoji/🚀",
    "a b  c/ d",
    'a<b>&c/"q"\'',
    "x/\\n/%1b",
  ];

  for (const format of ["pretty", "json"] as const) {
    it(`prints what the real command prints, byte for byte: ${format}`, async () => {
      const folder = await temporaryFolder();
      try {
        const file = join(folder.path, "honest.snap");
        await writeFile(file, archiveOf(stateOf(KEYS.map((key) => keyValue(key, "1")))));
        const { code, out } = await command(["inspect", "--kvdetails", "--kvdepth", "9", "--format", format, file]);
        expect(code).to.equal(0);
        for (const name of CONSUL_NAMES) {
          expect(out).to.equal(await consulInspect(name, ["-kvdetails", "-kvdepth=9", `-format=${format}`, file]));
        }
      } finally {
        await folder.remove();
      }
    });
  }
});

function consulInspect(name: (typeof CONSUL_NAMES)[number], args: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    execFile(consulBinary(name), ["snapshot", "inspect", ...args], (error, stdout) => {
      if (error === null) done(stdout);
      else fail(new Error(error.message));
    });
  });
}

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
