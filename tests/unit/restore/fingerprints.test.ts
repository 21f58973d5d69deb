import { createHash } from "node:crypto";
import { expect } from "chai";
import { Fingerprints } from "../../../provider/restore/fingerprints";

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("binary");
}

describe("fingerprints", () => {
  it("are ticked off as often as they were added", () => {
    const prints = new Fingerprints();
    for (const text of ["a", "b", "a", "c"]) prints.add(hashOf(text));
    expect(["a", "a", "a", "b", "b", "d"].map((text) => prints.tick(hashOf(text)))).to.deep.equal([
      true,
      true,
      false,
      true,
      false,
      false,
    ]);
    expect(prints.unticked).to.equal(1);
    expect([prints.has(hashOf("a")), prints.has(hashOf("d"))]).to.deep.equal([true, false]);
  });

  it("of many equal records take no longer than those of others", () => {
    const prints = new Fingerprints();
    const hash = hashOf("the same");
    // A search from the first of them at each tick would be 80,000,000,000 steps.
    for (let at = 0; at < 400_000; at++) prints.add(hash);
    let ticked = 0;
    while (prints.tick(hash)) ticked++;
    expect(ticked).to.equal(400_000);
    expect(prints.unticked).to.equal(0);
  });
});
