import { expect } from "chai";
import { alignColumns } from "../../../../cli/consulOutput/columns";

describe("columns", function () {
  this.timeout(60_000);

  it("are set for as many lines as there are prefixes at most, and leave turns to the event loop", async () => {
    const lines = Array.from({ length: 200_000 }, (_, at) => ` p${at}\t1\t2`);
    let turns = 0;
    const count = setInterval(() => turns++, 1);
    const aligned = (await alignColumns(Buffer.from(lines.join("\n")))).toString();
    clearInterval(count);
    expect(turns).to.be.above(5);
    expect(aligned.split("\n")).to.have.lengthOf(200_000);
    expect(aligned).to.match(/ p199999 +1 +2$/);
  });
});
