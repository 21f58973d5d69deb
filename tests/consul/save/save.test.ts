import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { type ConsulServer, fill, inspect, startConsul } from "../../support/consul/consul";
import { failureOf, saveTo, temporaryFolder } from "../../support/programs/saving";

describe("a save from a real Consul to a folder", function () {
  this.timeout(60_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  before(async () => {
    consul = await startConsul();
    await fill(consul);
  });
  after(() => consul.stop());
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  it("keeps an archive and its manifest under the final names, for the owner alone, and nothing else", async () => {
    const { saved } = await saveTo(join(folder.path, "a/b/"), { address: consul.address });
    const { location } = saved.manifest;
    expect(dirname(location)).to.equal(join(folder.path, "a/b"));
    expect(await folder.entries()).to.have.lengthOf(4);
    for (const file of [location, `${location}.manifest.json`]) expect((await stat(file)).mode & 0o777).to.equal(0o600);
    for (const made of ["a", "a/b"]) expect((await stat(join(folder.path, made))).mode & 0o777).to.equal(0o700);
    expect(JSON.parse(await readFile(`${location}.manifest.json`, "utf8"))).to.deep.equal(saved.manifest);
  });

  it("says of the archive what consul snapshot inspect says", async () => {
    const { saved } = await saveTo(`${folder.path}/`, { address: consul.address });
    const { Meta } = await inspect(saved.manifest.location);
    expect(saved.manifest).to.include({
      snapshotId: Meta.ID,
      index: Meta.Index,
      term: Meta.Term,
      size: Meta.Size,
      version: Meta.Version,
    });
  });

  it("names the archive by the template", async () => {
    const { saved } = await saveTo(
      join(folder.path, "{project}-{stack}-{name}/{datacenter}/{consulVersion}-{index}-{term}.snap"),
      {
        address: consul.address,
      },
    );
    const { index, term, datacenter, consulVersion } = saved.manifest;
    expect(saved.manifest.location).to.equal(
      join(folder.path, `tests-dev-backup/${datacenter}/${consulVersion}-${index}-${term}.snap`),
    );
  });

  it("never replaces an existing archive, unless told to", async () => {
    const target = join(folder.path, "always.snap");
    const first = await saveTo(target, { address: consul.address }, { overwrite: true });
    const failure = await failureOf(saveTo(target, { address: consul.address }));
    expect(failure.code).to.equal("STORE_EXISTS");
    expect(await readFile(target)).to.have.lengthOf(first.saved.manifest.storedSize);
    const manifest: unknown = JSON.parse(await readFile(`${target}.manifest.json`, "utf8"));
    expect(manifest).to.deep.equal(first.saved.manifest);
    await consul.api("/v1/kv/another", { method: "PUT", body: "value" });
    const second = await saveTo(target, { address: consul.address }, { overwrite: true });
    expect(second.saved.manifest.snapshotId).to.not.equal(first.saved.manifest.snapshotId);
    expect((await inspect(target)).Meta.ID).to.equal(second.saved.manifest.snapshotId);
    expect(await folder.entries()).to.deep.equal(["always.snap", "always.snap.manifest.json"]);
  });

  it("lets one of two writers of the same name win, whose manifest stays", async () => {
    const target = join(folder.path, "same.snap");
    const both = await Promise.allSettled([1, 2, 3].map(() => saveTo(target, { address: consul.address })));
    const winners = both.flatMap((one) => (one.status === "fulfilled" ? [one.value.saved] : []));
    expect(winners).to.have.lengthOf(1);
    const { location } = winners[0]!.manifest;
    await inspect(location);
    expect(JSON.parse(await readFile(`${location}.manifest.json`, "utf8"))).to.deep.equal(winners[0]!.manifest);
    expect(await folder.entries()).to.have.lengthOf(2);
  });

  it("stops at once when it is interrupted, and leaves nothing", async () => {
    const interrupt = new AbortController();
    const saving = saveTo(`${folder.path}/x/`, { address: consul.address }, { signal: interrupt.signal });
    interrupt.abort();
    expect((await failureOf(saving)).code).to.equal("INTERRUPTED");
    expect(await folder.entries()).to.be.empty;
  });

  it("needs no right but acl:write: what cannot be read of the agent is left out, and said", async () => {
    const guarded = await startConsul({ acl: true });
    try {
      await guarded.api("/v1/acl/policy", { method: "PUT", body: { Name: "backup", Rules: 'acl = "write"' } });
      const { SecretID: token } = (await guarded.api("/v1/acl/token", {
        method: "PUT",
        body: { Policies: [{ Name: "backup" }] },
      })) as { SecretID: string };
      const { saved, said } = await saveTo(`${folder.path}/`, { address: guarded.address, token });
      expect(saved.manifest).to.not.have.property("consulVersion");
      // The only datacenter that there is can be read without any right.
      expect(saved.manifest.datacenter).to.equal("dc1");
      expect(said.info.join("\n")).to.include("the Consul version is unknown").and.include("agent:read");
    } finally {
      await guarded.stop();
    }
  });
});
