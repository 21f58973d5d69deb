import { expect } from "chai";
import { printJson, printPretty } from "../../../../cli/consulOutput/inspection";
import { ArchiveReader } from "../../../../provider/archive/reader";
import { archiveOf } from "../../../fixtures/archive";
import { keyValue, stateOf } from "../../../fixtures/state";

/** More than fit on the stack as arguments. */
const PREFIXES = 60_000;

describe("an inspection", function () {
  this.timeout(120_000);

  it("prints tens of thousands of prefixes", async () => {
    const keys = Array.from({ length: PREFIXES }, (_, at) => keyValue(`p${at}/x`, ""));
    const reader = new ArchiveReader({ kv: { depth: 1, maxPrefixes: PREFIXES } });
    await reader.write(archiveOf(stateOf(keys)));
    const report = await reader.end();
    expect((await printPretty(report, (bytes) => bytes)).toString()).to.match(/\n p59999 +1 +\d+B/);
    expect(JSON.parse((await printJson(report)).toString()))
      .to.have.property("StatsKV")
      .with.lengthOf(PREFIXES);
  });
});
