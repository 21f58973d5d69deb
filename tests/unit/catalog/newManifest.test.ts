import { expect } from "chai";
import { describeArchive, originOf } from "../../../provider/catalog/newManifest";
import { parseManifest } from "../../../provider/catalog/manifest";
import { archiveOf } from "../../fixtures/archive";
import { readArchive } from "../../fixtures/reading";
import { keyValue, stateOf } from "../../fixtures/state";

describe("a new manifest", () => {
  const origin = {
    series: "acme/shop/prod/backup",
    purpose: "safety",
    consistency: "stale",
    datacenter: "dc7",
    consulVersion: "1.14.11",
  } as const;

  it("keeps what the archive does not contain, also when it is made of another one", async () => {
    const report = await readArchive(archiveOf(stateOf([keyValue("app/a", "1")])));
    const first = describeArchive(report, "/backups/a.snap", { ...origin, retention: true });
    expect(first).to.include(origin);
    const copy = describeArchive(report, "/backups/a.snap", originOf(first));
    const { retention, ...kept } = first;
    expect(retention).to.be.true;
    expect(copy).to.deep.equal(kept);
    expect(parseManifest(Buffer.from(JSON.stringify(copy)))).to.deep.equal(kept);
  });

  it("says nothing of what is not known", async () => {
    const report = await readArchive(archiveOf(stateOf([keyValue("app/a", "1")])));
    const { series, purpose, consistency } = origin;
    const manifest = describeArchive(report, "/backups/a.snap", { series, purpose, consistency });
    expect(manifest).to.not.have.any.keys("datacenter", "consulVersion", "restorable", "retention");
    expect(originOf(manifest)).to.deep.equal({ series, purpose, consistency });
  });
});
