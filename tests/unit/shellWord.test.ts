import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { shellWord } from "../../provider/shellWord";
import { cleanText } from "../../provider/text";

const NAMES = [
  "plain.snap",
  "it's \\ $HOME `x`.snap",
  "two  blanks.snap",
  "tab\tline\nreturn\r.snap",
  "escape\u001b[2J, next digit \u00017.snap",
  "bidi\u202egnp.snap",
  "C1 \u009b2J, separator \u2028, it's \\.snap",
  "Grüße\u200d👩.snap",
];

describe("a word of a command that is printed", () => {
  it("is the same name for a shell, also after it has passed through what is shown", () => {
    const words = NAMES.map((name) => cleanText(shellWord(name)));
    const read = execFileSync("bash", ["-c", `printf '%s\\0' ${words.join(" ")}`], { encoding: "utf8" });
    expect(read.split("\0").slice(0, -1)).to.deep.equal(NAMES);
  });

  it("is quoted as before where every character is visible", () => {
    expect(shellWord("a b.snap")).to.equal("'a b.snap'");
    expect(shellWord("it's")).to.equal("'it'\\''s'");
  });
});
