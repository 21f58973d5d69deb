import { expect } from "chai";
import { normalizeRunId, plainRunId, runIdProblem } from "../../../provider/restore/runId";

describe("a run id", () => {
  it("is the same in each Unicode form, and with invisible characters at its ends", () => {
    const name = "Zürich";
    expect(name.normalize("NFD")).to.not.equal(name.normalize("NFC"));
    for (const same of [name.normalize("NFD"), ` ${name}`, `${name}\u00a0`, `\t${name}\n`, `\ufeff${name}\u200b`]) {
      expect(normalizeRunId(same), JSON.stringify(same)).to.equal(name.normalize("NFC"));
    }
  });

  it("keeps what is within it", () => {
    expect(normalizeRunId("2026-11-23  roll\tback")).to.equal("2026-11-23  roll\tback");
  });

  it("has something to see", () => {
    for (const empty of ["", "  ", "\u200b", "\n\u00a0", "\u3164", "\u2800", "\ufe0f"])
      expect(runIdProblem(empty)).to.include("visible");
    expect(runIdProblem("1")).to.equal(undefined);
  });

  const alike: readonly (readonly [name: string, id: string, plain: string])[] = [
    ["a zero-width space", "a\u200bb", "ab"],
    ["a zero-width joiner", "a\u200db", "ab"],
    ["a soft hyphen", "a\u00adb", "ab"],
    ["a no-break space", "a\u00a0b", "a b"],
    ["a second blank", "a  b", "a b"],
    ["a blank of each kind", "a \u2009\u3000\t\nb", "a b"],
    ["a variation selector", "ab\ufe0f", "ab"],
    ["a combining grapheme joiner", "ab\u034f", "ab"],
    ["a combining grapheme joiner before a mark", "a\u034f\u0301", "\u00e1"],
    ["a Hangul filler", "ab\u3164", "ab"],
    ["a halfwidth Hangul filler", "ab\uffa0", "ab"],
    ["a Braille pattern without dots", "a\u2800b", "a b"],
    ["a fullwidth letter", "\uff41b", "ab"],
    ["a ligature", "\ufb01", "fi"],
    ["a tag", "a\u{e0061}b", "ab"],
    ["a control character", "a\u0007b", "ab"],
    ["half of a surrogate pair", "ab\ud800", "ab"],
    ["an invisible character between blanks", "a \u200b b", "a b"],
  ];
  for (const [name, id, plain] of alike) {
    it(`is refused with ${name}, and the sentence shows the plain form, which is valid`, () => {
      expect(runIdProblem(id)).to.include(`write ${JSON.stringify(plain)}`);
      expect(plainRunId(id)).to.equal(plain);
      expect(runIdProblem(plain)).to.equal(undefined);
      expect(normalizeRunId(id), "receipts of earlier runs are found as before").to.not.equal(plain);
    });
  }

  it("stays as it is without such characters", () => {
    const ids = [
      "2026-11-23 rollback",
      "Zürich",
      "Zu\u0308rich",
      "ロールバック 1",
      "откат",
      "🙂",
      "a_b/c:d",
      " ends\u00a0",
    ];
    for (const id of [...ids, "cli 2026-11-23T00:00:00.000Z host"]) expect(runIdProblem(id), id).to.equal(undefined);
  });
});
