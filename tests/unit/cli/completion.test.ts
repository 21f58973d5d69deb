import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { COMMANDS } from "../../../cli/commands";
import { completionScript } from "../../../cli/completion/scripts";
import { optionFlag } from "../../../provider/optionFlag";
import { notApplicable } from "../../support/notApplicable";

/** What bash offers for the last word. */
function offeredByBash(...words: string[]): string[] {
  const script = `${completionScript("bash", COMMANDS)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _consul_snapshot; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync("bash", ["-c", script, "bash", "consul-snapshot", ...words], { encoding: "utf8" });
  return out.split("\n").filter((line) => line !== "");
}

const ZSH = resolve("tests/support/programs/offeredByZsh.zsh");
/** A shell that waits for an answer that never comes is an error. */
const LONGEST_MS = 60_000;

/** The same of an interactive zsh or fish that loads the script. Its files are in `folder`. */
function offeredBy(shell: "zsh" | "fish", folder: string, words: readonly string[]): string[] {
  const script = join(folder, "script");
  const line = ["consul-snapshot", ...words].join(" ");
  writeFileSync(script, completionScript(shell, COMMANDS));
  const args = shell === "zsh" ? ["-f", ZSH, script, line] : ["--no-config", "-c", FISH, script, line];
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, TERM: "xterm" };
  const { status, stdout, stderr } = spawnSync(shell, args, {
    cwd: folder,
    env,
    encoding: "utf8",
    timeout: LONGEST_MS,
  });
  expect({ status, stderr }, line).to.deep.equal({ status: 0, stderr: "" });
  if (shell === "zsh") return [...stdout.matchAll(/^offered:(.*?)\r?$/gm)].map(([, word = ""]) => word);
  return stdout.split("\n").flatMap((each) => (each === "" ? [] : (each.split("\t")[0] ?? "")));
}

const FISH = "source $argv[1]; complete --do-complete $argv[2]";
const isInstalled = (shell: string): boolean => spawnSync(shell, ["--version"]).error === undefined;

describe("completion", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "completion-test-"))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("bash: commands, their options, and values that are known", () => {
    expect(offeredByBash("")).to.include.members(COMMANDS.map(({ name }) => name));
    expect(offeredByBash("ver")).to.deep.equal(["verify"]);
    for (const { name, options } of COMMANDS) {
      expect(offeredByBash(name, "--")).to.have.members([...Object.keys(options).map(optionFlag), "--help"]);
    }
    expect(offeredByBash("verify", "--format", "")).to.deep.equal(["pretty", "json"]);
    expect(offeredByBash("verify", "--identity", ""), "files").to.deep.equal([]);
    expect(offeredByBash("completion", "")).to.deep.equal(["bash", "zsh", "fish"]);
  });

  for (const shell of ["zsh", "fish"] as const) {
    const title = `${shell}: commands, their options, and values that are known`;
    if (!isInstalled(shell)) notApplicable(title, `${shell} is not installed`);
    else {
      it(title, function () {
        this.timeout(120_000);
        const offered = (...words: string[]): string[] => offeredBy(shell, folder, words);
        expect(offered("")).to.include.members(COMMANDS.map(({ name }) => name));
        expect(offered("ver")).to.deep.equal(["verify"]);
        for (const { name, options } of COMMANDS) {
          const flags = offered(name, "--").map((word) => word.replace(/=$/, ""));
          expect(flags, name).to.have.members([...Object.keys(options).map(optionFlag), "--help"]);
        }
        expect(offered("verify", "--format", "")).to.have.members(["pretty", "json"]);
        expect(offered("completion", "")).to.have.members(["bash", "zsh", "fish"]);
        expect(offered("help", "ver")).to.deep.equal(["verify"]);
      });
    }

    it(`${shell}: each command and option is there, and no quote is left open`, () => {
      const script = completionScript(shell, COMMANDS);
      for (const { name, options } of COMMANDS) {
        expect(script).to.include(name);
        for (const key of Object.keys(options))
          expect(script).to.include(optionFlag(key).slice(shell === "zsh" ? 0 : 2));
      }
      for (const line of script.split("\n").filter((each) => !each.startsWith("#"))) {
        expect(line.replaceAll("\\'", "").split("'").length % 2, line).to.equal(1);
      }
    });
  }
});
