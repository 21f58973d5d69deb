import { expect } from "chai";
import type { ArchiveReport, SeenRecord } from "../../../provider/archive/reader";
import { configEntryKindOf } from "../../../provider/archive/state/recordCheck";
import { contentsOf } from "../../../provider/restore/attempt";
import { describeDifference, differingTypes, Findings } from "../../../provider/restore/proof";
import { consulArchive } from "../../fixtures/consulArchives";
import { readArchive } from "../../fixtures/reading";

type See = (record: SeenRecord) => void;

async function seeing(archive: Buffer, see: See): Promise<ArchiveReport> {
  return await readArchive(archive, undefined, { see });
}

/** Compares two snapshots as a restore compares its archive with the cluster, without records that are left out of both. */
async function compare(
  archived: Buffer,
  found: Buffer,
  isLeftOut: (record: SeenRecord) => boolean = () => false,
): Promise<{ types: string[]; reasons: string[]; isExplained: boolean }> {
  const [before, after] = [contentsOf(await readArchive(archived)), contentsOf(await readArchive(found))];
  const { users } = differingTypes(before, after);
  const findings = new Findings(users, { index: before.index, isLongAgo: false });
  const except =
    (see: See): See =>
    (record) => {
      if (!isLeftOut(record)) see(record);
    };
  await seeing(found, except(findings.see));
  await seeing(archived, except(findings.seeArchived));
  const explanations = users.map((type) => ({ type, explanation: findings.explain(type) }));
  return {
    types: users,
    reasons: explanations.flatMap(({ type, explanation }) =>
      describeDifference(type, explanation, before, after).map(({ reason }) => `${type}: ${reason}`),
    ),
    isExplained: explanations.every(({ explanation }) => explanation.isExplained),
  };
}

describe("real restores of Consul 1.14 to 1.22", () => {
  for (const name of [
    "1.14-mesh-gateway-late-sidecar",
    "1.22-api-gateway",
    "1.22-api-gateway-and-route",
    "1.22-mesh-gateway-early-sidecar",
  ]) {
    it(`differ in nothing that users wrote: ${name}`, async () => {
      const [before, after] = [consulArchive(`restored-${name}-before`), consulArchive(`restored-${name}-after`)];
      // Servers have computed fields anew, so the bytes differ.
      expect(await compare(before, after)).to.deep.equal({ types: ["ConfigEntry"], reasons: [], isExplained: true });
    });
  }

  const whole = consulArchive("1.22-gateway-and-service-defaults");
  const lacking = consulArchive("1.22-gateway-without-service-defaults");
  const lost = { types: ["ConfigEntry"], reasons: ["ConfigEntry: 1 of the archive missing"], isExplained: false };

  it("show a configuration entry that is lost behind one whose keys are maps", async () => {
    expect(await compare(whole, lacking)).to.deep.equal(lost);
  });

  it("show it without the gateways as well", async () => {
    const isGateway = ({ value }: SeenRecord): boolean =>
      value !== undefined && /api-gateway$/.test(configEntryKindOf(value) ?? "");
    expect(await compare(whole, lacking, isGateway)).to.deep.equal(lost);
  });
});
