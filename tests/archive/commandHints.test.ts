import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { fileStore } from "../../provider/store/file/store";
import { archiveOf, metaJson } from "../fixtures/archive";
import { keyValue, stateOf } from "../fixtures/state";
import { daysAgo, keepAt, SERIES } from "../support/archives/prunedArchives";
import { command } from "../support/programs/command";
import { temporaryFolder } from "../support/programs/saving";

const RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
/** Nothing listens there: what gets so far has no problem with its arguments. */
const NOBODY = { CONSUL_HTTP_ADDR: "127.0.0.1:1", CONSUL_HTTP_TOKEN: "" };
const RESTORE = ["restore", "valid.snap", "--safety-snapshot", "./safe/"];

interface Case {
  readonly wrong: readonly string[];
  /** What the hint must say. */
  readonly hint: RegExp;
  /** The same, as the hint says. */
  readonly followed: readonly string[];
  /** How that ends. Default: with 0. */
  readonly ends?: "CONSUL_UNREACHABLE";
}

const CASES: readonly Case[] = [
  {
    wrong: ["inspect", "-kvdetails", "valid.snap"],
    hint: /^Did you mean --kvdetails\?$/m,
    followed: ["inspect", "--kvdetails", "valid.snap"],
  },
  {
    wrong: ["inspect", "-format=json", "valid.snap"],
    hint: /^Did you mean --format pretty\|json\?$/m,
    followed: ["inspect", "--format", "json", "valid.snap"],
  },
  {
    wrong: ["inspect", "--kvdepth", "deep", "valid.snap"],
    hint: /^Use --kvdepth 2\.$/m,
    followed: ["inspect", "--kvdepth", "2", "valid.snap"],
  },
  {
    wrong: ["inspect", "--full", "raw/state.bin"],
    hint: /^Omit --full for a state\.bin\.$/m,
    followed: ["inspect", "raw/state.bin"],
  },
  {
    wrong: ["verify", "--format", "xml", "valid.snap"],
    hint: /^Use --format pretty\.$/m,
    followed: ["verify", "--format", "pretty", "valid.snap"],
  },
  {
    wrong: ["verify", "--consul-version", "new", "valid.snap"],
    hint: /^Write it like 1\.13\.9\.$/m,
    followed: ["verify", "--consul-version", "1.13.9", "valid.snap"],
  },
  { wrong: ["verify", "--xyzzyxyz"], hint: /^Run consul-snapshot verify --help\.$/m, followed: ["verify", "--help"] },
  { wrong: ["inspekt"], hint: /^Did you mean consul-snapshot inspect\?$/m, followed: ["inspect", "valid.snap"] },
  { wrong: ["xyzzyxyz"], hint: /^Run consul-snapshot --help\.$/m, followed: ["--help"] },
  { wrong: ["version"], hint: /^Did you mean consul-snapshot --version\?$/m, followed: ["--version"] },
  { wrong: ["--vesion"], hint: /^Did you mean --version\?$/m, followed: ["--version"] },
  { wrong: ["help", "verfy"], hint: /^Did you mean consul-snapshot verify\?$/m, followed: ["help", "verify"] },
  {
    wrong: ["prune", "consul-{index}.snap", "--series", SERIES, "--dry-run"],
    hint: /such as --keep-last 7\.$/m,
    followed: ["prune", "consul-{index}.snap", "--series", SERIES, "--dry-run", "--keep-last", "7"],
  },
  {
    wrong: ["prune", "consul-{index}.snap", "--series", SERIES, "--keep-last", "0"],
    hint: /^Run consul-snapshot prune --help\.$/m,
    followed: ["prune", "--help"],
  },
  {
    wrong: RESTORE,
    hint: /^Use --yes to restore without the question, or --plan to only see what would happen\.$/m,
    followed: [...RESTORE, "--plan"],
    ends: "CONSUL_UNREACHABLE",
  },
  {
    wrong: ["restore", "valid.snap", "--yes"],
    hint: /required without --plan/,
    followed: ["restore", "valid.snap", "--plan"],
    ends: "CONSUL_UNREACHABLE",
  },
  {
    wrong: RESTORE,
    hint: /^Use --yes/m,
    followed: [...RESTORE, "--yes"],
    ends: "CONSUL_UNREACHABLE",
  },
  {
    wrong: ["restore", "valid.snap", "--safety-snapshot", "./x-{index}.snap.age", "--yes"],
    hint: /^Add --recipient, or name it \.snap\.$/m,
    followed: ["restore", "valid.snap", "--safety-snapshot", "./x-{index}.snap.age", "--yes", "--recipient", RECIPIENT],
    ends: "CONSUL_UNREACHABLE",
  },
  {
    wrong: ["restore", "valid.snap", "--safety-snapshot", "none", "--recipient", RECIPIENT, "--yes"],
    hint: /^Omit --recipient, or use a target for the safety snapshot\.$/m,
    followed: [...RESTORE, "--recipient", RECIPIENT, "--yes"],
    ends: "CONSUL_UNREACHABLE",
  },
  {
    wrong: [...RESTORE, "--yes", "--valid-until", "tomorrow"],
    hint: /^Write it like "2026-11-24T00:00:00Z"\.$/m,
    followed: [...RESTORE, "--yes", "--valid-until", "2099-11-24T00:00:00Z"],
    ends: "CONSUL_UNREACHABLE",
  },
  {
    wrong: [...RESTORE, "--yes", "--run-id", ""],
    hint: /^Omit --run-id: this restore then gets an id of its own\.$/m,
    followed: [...RESTORE, "--yes"],
    ends: "CONSUL_UNREACHABLE",
  },
  {
    wrong: [...RESTORE, "--yes", "--run-id", "roll\u200bback  1"],
    hint: /^Write --run-id 'rollback 1'\./m,
    followed: [...RESTORE, "--yes", "--run-id", "rollback 1"],
    ends: "CONSUL_UNREACHABLE",
  },
  {
    wrong: [...RESTORE, "--yes", "-token=geheim1234"],
    hint: /^Use --token-file, or set CONSUL_HTTP_TOKEN\.$/m,
    followed: [...RESTORE, "--yes", "--token-file", "token"],
    ends: "CONSUL_UNREACHABLE",
  },
  {
    wrong: [...RESTORE, "--yes", "--allow", "changedSinceManifst"],
    hint: /did you mean changedSinceManifest\?/,
    followed: [...RESTORE, "--yes", "--allow", "changedSinceManifest"],
    ends: "CONSUL_UNREACHABLE",
  },
];

describe("hints of the command work when they are followed", function () {
  this.timeout(60_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  before(async () => {
    folder = await temporaryFolder();
    const state = stateOf([keyValue("app/a", "1")]);
    await writeFile(path("valid.snap"), archiveOf(state));
    await mkdir(path("raw"));
    await writeFile(path("raw/state.bin"), state);
    await writeFile(path("raw/meta.json"), metaJson(state.length));
    await writeFile(path("token"), "geheim1234\n");
    await keepAt(fileStore(), path("consul-7.snap"), { takenAt: daysAgo(2), index: 7 });
  });
  after(() => folder.remove());

  const run = (args: readonly string[]) => command(args, { env: NOBODY, cwd: folder.path });

  for (const { wrong, hint, followed, ends } of CASES) {
    it(`${wrong.join(" ")} → ${followed.join(" ")}`, async () => {
      const refused = await run(wrong);
      expect(refused.code).to.be.oneOf([1, 2]);
      expect(refused.out).to.equal("");
      expect(refused.err).to.include("(ARGUMENT_INVALID)").and.match(hint).and.not.include("geheim");
      const right = await run(followed);
      expect(right.err).to.not.include("ARGUMENT_INVALID");
      if (ends === undefined) expect(right.code, right.err).to.equal(0);
      else expect(right.err).to.include(`(${ends})`);
    });
  }

  it("restore looks for the archive before it asks for a terminal", async () => {
    const { code, err } = await run(["restore", "nothing.snap", "--safety-snapshot", "./safe/"]);
    expect(code).to.equal(1);
    expect(err)
      .to.include(`there is no archive at ${path("nothing.snap")} (STORE_NOT_FOUND)`)
      .and.include("Nothing was restored.");
  });

  it("--sha256: the hash that inspect --full prints is accepted", async () => {
    const refused = await run([...RESTORE, "--yes", "--sha256", "abc"]);
    expect(refused.err).to.include("inspect --full prints");
    const [, hash = ""] = /SHA-256 +(\w+)/.exec((await run(["inspect", "--full", "valid.snap"])).out) ?? [];
    expect((await run([...RESTORE, "--yes", "--sha256", hash])).err).to.include("(CONSUL_UNREACHABLE)");
  });
});
