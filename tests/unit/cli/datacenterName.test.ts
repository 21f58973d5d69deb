import { expect } from "chai";
import { requireDatacenterName } from "../../../cli/restore/confirmation";
import { datacenterName } from "../../../cli/restore/datacenterName";
import { SnapshotError } from "../../../provider/errors";

describe("the name of a datacenter that a person types", () => {
  it("is one that Consul accepts, or none", () => {
    for (const datacenter of ["dc1", "eu-west_2", "DC1", undefined]) {
      const cluster = datacenter === undefined ? { address: "http://c" } : { address: "http://c", datacenter };
      expect(() => requireDatacenterName(cluster)).to.not.throw();
    }
  });

  for (const [what, name, shown] of [
    ["letters that look like others", "d\u04411", String.raw`"d\u04411"`],
    ["marks that turn text round", "\u202e1cd", String.raw`"\u202e1cd"`],
    ["a character of no width", "dc1\u200b", String.raw`"dc1\u200b"`],
    ["a line break and a sequence", "dc1\n\u001b[2Kdc2", String.raw`"dc1\n\u001b[2Kdc2"`],
    ["a blank at its end", "dc1 ", '"dc1 "'],
    ["nothing", "", '""'],
    ["a megabyte", "d".repeat(1_000_000), `"${"d".repeat(64)}"…`],
  ] as const) {
    it(`is refused with ${what}, and shown as it is`, () => {
      expect(datacenterName(name)).to.equal(shown);
      try {
        requireDatacenterName({ address: "http://c", datacenter: name });
        expect.fail("it was accepted");
      } catch (error) {
        if (!(error instanceof SnapshotError)) throw error;
        expect(error.code).to.equal("RESTORE_REFUSED");
        expect(error.message).to.include(`nothing was restored: the server at http://c calls its datacenter ${shown}`);
      }
    });
  }
});
