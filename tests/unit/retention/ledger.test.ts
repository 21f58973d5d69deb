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
  const NOW = new Date("2026-11-27T12:00:00.000Z");
  const findings = { verified: new Set<never>(), foreign: new Set<never>(), removed: [], listedAfter: NOW };
  const write = async (policy: Policy) => (await read()).write(policy, [], findings, 0, signal);
  const known = (index: number, version = "1") => ({
    archive: { key: `ledger/${String(index)}.snap`, version },
    storedSha256: "0".repeat(64),
  });

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
    await write(full);
    const ledger = await read();
    await (await read()).append(known(9999), signal);
    const archives = Array.from({ length: 6001 }, (_, at) => known(at));
    await ledger.write(full, archives, findings, 0, signal);
    const written = await read();
    expect([9999, 0, 6000].map((index) => written.knows(known(index)))).to.deep.equal([true, true, false]);
    expect(written.unlisted).to.be.above(0);
  });

  describe("when a run writes it that has not found all archives in it", () => {
    const HOUR_MS = 60 * 60 * 1000;
    const ago = (hours: number): Date => new Date(NOW.getTime() - hours * HOUR_MS);
    const announce = async (index: number, at: Date): Promise<void> => {
      const { archive, storedSha256 } = known(index);
      await (await read()).announce(archive.key, storedSha256, at, signal);
    };
    const isOwn = async (...indexes: number[]) => {
      const ledger = await read();
      return indexes.map((index) => ledger.isOwn(known(index)));
    };
    // The ledger of each test begins empty.
    beforeEach(async () => {
      const store = await memoryBackend.open(location, 1000);
      await store.delete(ledgerKey(location.key, SERIES));
      await write(full);
    });

    it("keeps those whose saves may still be under way, and counts them once", async () => {
      await announce(1, ago(23));
      await announce(2, ago(0));
      for (let run = 0; run < 3; run++) await write(full);
      expect(await isOwn(1, 2)).to.deep.equal([true, true]);
      expect((await read()).pendingWith(known(3))).to.equal(3);
      expect((await read()).pendingWith(known(2))).to.equal(2);
    });

    it("drops those that were announced more than a day ago, unless that was repeated", async () => {
      await announce(1, ago(25));
      await announce(2, ago(25));
      await announce(2, ago(1));
      await write(full);
      expect(await isOwn(1, 2)).to.deep.equal([false, true]);
      expect((await read()).pendingWith(known(3))).to.equal(2);
    });

    it("drops those that were there earlier, and those that the run has removed", async () => {
      await (await read()).append(known(1), signal);
      await announce(2, ago(1));
      const removed = [known(2)];
      await (await read()).write(full, [], { ...findings, removed }, 0, signal);
      expect(await isOwn(1, 2)).to.deep.equal([false, false]);
    });

    it("keeps those whose saves have recorded them since the run has read it", async () => {
      await announce(1, ago(25));
      const ledger = await read();
      await (await read()).write(full, [known(1)], { ...findings, verified: { has: () => true } }, 0, signal);
      await ledger.write(full, [known(2)], findings, 0, signal);
      expect(await isOwn(1, 2)).to.deep.equal([true, true]);
    });

    it("keeps for a day those of which an earlier version has not recorded when they were announced", async () => {
      const { archive, storedSha256 } = known(1, "");
      await (await read()).append({ archive, storedSha256 }, signal);
      await write(full);
      expect(await isOwn(1)).to.deep.equal([true]);
      await (await read()).write(full, [], { ...findings, listedAfter: ago(-23) }, 0, signal);
      expect(await isOwn(1)).to.deep.equal([true]);
      await (await read()).write(full, [], { ...findings, listedAfter: ago(-25) }, 0, signal);
      expect(await isOwn(1)).to.deep.equal([false]);
    });
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
