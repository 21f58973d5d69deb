import { expect } from "chai";
import { checkLimits, readLimits } from "../../../../provider/resources/snapshot/concurrencyLimits";

const AT_ONCE = "consul-snapshot:maxConcurrent";
const PER_ADDRESS = "consul-snapshot:maxConcurrentPerAddress";

function config(given: Readonly<Record<string, string>>): (key: string) => string | undefined {
  return (key) => given[key];
}

describe("how many saves run at once", () => {
  it("is four, and one an address, unless configuration says otherwise", () => {
    expect(readLimits(config({}))).to.deep.equal({ atOnce: 4, perAddress: 1 });
    expect(readLimits(config({ [AT_ONCE]: "10", [PER_ADDRESS]: "2" }))).to.deep.equal({ atOnce: 10, perAddress: 2 });
  });

  it("is refused by name when it is no positive integer", () => {
    for (const text of ["0", "-1", "1.5", "many", "1e9", "99999999999999999999"]) {
      expect(checkLimits(config({ [AT_ONCE]: text })), text).to.deep.equal([
        { reason: `${AT_ONCE} must be a positive integer: set it, or remove it for 4` },
      ]);
      expect(() => readLimits(config({ [PER_ADDRESS]: text })), text).to.throw(PER_ADDRESS);
    }
  });
});
