import { expect } from "chai";
import { normalizeRunId, runIdProblem } from "../../../provider/restore/runId";

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
    for (const empty of ["", "  ", "\u200b", "\n\u00a0"]) expect(runIdProblem(empty)).to.include("visible");
    expect(runIdProblem("1")).to.equal(undefined);
  });
});
