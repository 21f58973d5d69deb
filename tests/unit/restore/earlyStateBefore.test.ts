import { expect } from "chai";
import { isNearlyVerified } from "../../../provider/restore/earlyStateBefore";

describe("when a safety snapshot may begin before the archive is verified", () => {
  for (const [received, total, elapsedMs, expected] of [
    [0, 1, 1, false],
    [1, 2, 10_000, true],
    [1, 2, 10_001, false],
    [100, 1000, 1000, true],
    [100, 1001, 1112, false],
    [1000, 1000, 1_000_000, true],
    // Nothing is received of an empty object.
    [0, 0, 1, true],
  ] as const) {
    it(`${received} of ${total} bytes after ${elapsedMs} ms: ${expected ? "it begins" : "it waits"}`, () => {
      expect(isNearlyVerified(received, total, elapsedMs)).to.equal(expected);
    });
  }
});
