import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { COMMANDS } from "../../../cli/commands";
import { completionScript } from "../../../cli/completion/scripts";
import { optionFlag } from "../../../provider/optionFlag";

/** What bash offers for the last word. */
function offered(...words: string[]): string[] {
  const script = `${completionScript("bash", COMMANDS)}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _consul_snapshot; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync("bash", ["-c", script, "bash", "consul-snapshot", ...words], { encoding: "utf8" });
  return out.split("\n").filter((line) => line !== "");
}

describe("completion", () => {
  it("bash: commands, their options, and values that are known", () => {
    expect(offered("")).to.include.members(COMMANDS.map(({ name }) => name));
    expect(offered("ver")).to.deep.equal(["verify"]);
    for (const { name, options } of COMMANDS) {
      expect(offered(name, "--")).to.have.members([...Object.keys(options).map(optionFlag), "--help"]);
    }
    expect(offered("verify", "--format", "")).to.deep.equal(["pretty", "json"]);
    expect(offered("verify", "--identity", ""), "files").to.deep.equal([]);
    expect(offered("completion", "")).to.deep.equal(["bash", "zsh", "fish"]);
  });

  for (const shell of ["zsh", "fish"]) {
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
