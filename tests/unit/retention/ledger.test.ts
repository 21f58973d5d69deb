/** The policy that a ledger records, as the next run reads it. */

import { expect } from "chai";
import { readRetention, RETENTION_KEYS } from "../../../provider/args/retention";
import { Ledger, ledgerKey } from "../../../provider/retention/ledger";
import type { Policy } from "../../../provider/retention/policy";
import { memoryBackend } from "../../../provider/store/memory/backend";
import { putSmallObject } from "../../../provider/store/smallObject";
import { SERIES } from "../../support/archives/prunedArchives";

describe("the ledger of a series", () => {
  const { signal } = new AbortController();
  const location = memoryBackend.parse("ledger/{index}.snap");
  const read = async () => Ledger.read(await memoryBackend.open(location, 1000), location.key, SERIES, signal);
  const write = async (policy: Policy) =>
    (await read()).write(policy, [], { verified: new Set(), foreign: new Set() }, 0, signal);

  const written = RETENTION_KEYS.map((key, at): [string, unknown] => [key, key === "keepWithin" ? "2d" : at + 1]);
  const full = readRetention(Object.fromEntries(written));

  it("returns every rule of the policy", async () => {
    expect(Object.keys(full)).to.have.length(RETENTION_KEYS.length);
    await write(full);
    const ledger = await read();
    expect(ledger.rules).to.deep.equal(full);
    expect(ledger.isPolicy(full)).to.be.true;
    expect(ledger.isPolicy({ ...full, keepLast: 2 })).to.be.false;
  });

  it("keeps what others have recorded since it was read, also where not all archives fit", async () => {
    const own = (index: number) => ({
      archive: { key: `ledger/${String(index)}.snap`, version: "1" },
      storedSha256: "0".repeat(64),
    });
    await write(full);
    const ledger = await read();
    await (await read()).append(own(9999), signal);
    const archives = Array.from({ length: 6001 }, (_, at) => own(at));
    await ledger.write(full, archives, { verified: new Set(), foreign: new Set() }, 0, signal);
    const written = await read();
    expect([own(9999), own(0), own(6000)].map((each) => written.knows(each))).to.deep.equal([true, true, false]);
    expect(written.unlisted).to.be.above(0);
  });

  for (const policy of [
    '[["keepDaily",7],["keepForever",1]]',
    '[["toString",1]]',
    '[["keepDaily","7"]]',
    "{}",
    "7 days",
  ]) {
    it(`returns no rules of a policy that it does not know: ${policy}`, async () => {
      const store = await memoryBackend.open(location, 1000);
      const ledger = { schema: 1, series: SERIES, policy, pending: 0, archives: [] };
      await putSmallObject(store, ledgerKey(location.key, SERIES), Buffer.from(JSON.stringify(ledger)), true, {
        signal,
      });
      expect((await read()).exists).to.be.true;
      expect((await read()).rules).to.equal(undefined);
    });
  }
});
