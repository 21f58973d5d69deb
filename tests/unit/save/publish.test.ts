import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { ArchiveReader } from "../../../provider/archive/reader";
import { readManifest } from "../../../provider/catalog/manifest";
import type { Policy } from "../../../provider/retention/policy";
import { publish, unixNanoseconds } from "../../../provider/save/publish";
import { openVerifiedStream } from "../../../provider/save/verifiedStream";
import { fileStore } from "../../../provider/store/file/store";
import { parseLocation } from "../../../provider/store/location";
import { archiveOf } from "../../fixtures/archive";
import { keyValue, stateOf, type StateRecord } from "../../fixtures/state";
import { failureOf, temporaryFolder } from "../../support/programs/saving";

describe("an archive that is stored in place of another", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const store = fileStore();
  beforeEach(async () => (folder = await temporaryFolder()));
  afterEach(() => folder.remove());

  const good = keyValue("app/a", "1");
  const broken: StateRecord = { type: 2, value: { Key: "app/a", ModifyIndex: "no number", Value: "1" } };

  async function publishOne(record: StateRecord, retention: Policy = {}) {
    const archive = archiveOf(stateOf([record]));
    async function* body(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(archive);
    }
    const verified = await openVerifiedStream(body(), new ArchiveReader(), () => undefined);
    const about = { datacenter: "dc1", consulVersion: "1.14.11" };
    return publish(
      store,
      { ...verified, about, nanoseconds: unixNanoseconds(verified.meta) },
      {
        target: parseLocation(join(folder.path, "consul.snap")),
        overwrite: true,
        retention,
        purpose: "backup",
        consistency: "consistent",
        owner: { organization: "o", project: "p", stack: "s", name: "n" },
      },
      new AbortController().signal,
    );
  }

  it("leaves it there if Consul could not restore the new one, and nothing else", async () => {
    const { manifest } = await publishOne(good);
    const failure = await failureOf(publishOne(broken));
    expect(failure.code).to.equal("STORE_EXISTS");
    expect(failure.message).to.include("consul.snap was kept").and.include("could not restore it: ");
    expect((await readdir(folder.path)).sort()).to.deep.equal(["consul.snap", "consul.snap.manifest.json"]);
    expect((await publishOne(good)).manifest.sha256).to.equal(manifest.sha256);
  });

  it("says in its manifest whether the run keeps a record for retention", async () => {
    for (const [retention, expected] of [
      [{ keepLast: 2 }, true],
      [{ keepLast: 0 }, undefined],
      [{}, undefined],
    ] as const) {
      const { manifest } = await publishOne(good, retention);
      expect(manifest.retention, JSON.stringify(retention)).to.equal(expected);
      expect(await readManifest(store, join(folder.path, "consul.snap"))).to.deep.equal(manifest);
    }
  });

  it("takes its place if that is not restorable either, and if there is none", async () => {
    for (let time = 0; time < 2; time++) expect((await publishOne(broken)).manifest.restorable?.ok).to.equal(false);
    expect((await publishOne(good)).manifest.restorable?.ok).to.equal(true);
  });
});
