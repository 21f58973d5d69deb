import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { type KeyPair, keyPair } from "../../support/archives/ageKeys";
import { type ConsulServer, fill, inspect, startConsul } from "../../support/consul/consul";
import { generatedArchive } from "../../support/archives/generatedArchive";
import { lyingConsul } from "../../support/faults/lyingConsul";
import { failureOf, saveTo, temporaryFolder } from "../../support/programs/saving";
import { tool } from "../../support/stores/serverProcess";

const run = promisify(execFile);

describe("an encrypted save from a real Consul", function () {
  this.timeout(60_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let key: KeyPair;
  before(async () => {
    [consul, key] = await Promise.all([startConsul(), keyPair()]);
    await fill(consul);
  });
  after(() => consul.stop());
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

  it("is opened by age and then accepted by Consul, and its manifest tells both hashes", async () => {
    const recipients = [key.recipient];
    const { saved } = await saveTo(`${folder.path}/`, { address: consul.address }, { recipients });
    const { manifest } = saved;
    expect(manifest.location).to.match(/\.snap\.age$/);
    const [identity, opened] = [join(folder.path, "key.txt"), join(folder.path, "opened.snap")];
    await writeFile(identity, key.identity);
    await run(tool("age"), ["--decrypt", "--identity", identity, "--output", opened, manifest.location]);
    expect((await inspect(opened)).Meta.ID).to.equal(manifest.snapshotId);
    const [stored, archive] = [await readFile(manifest.location), await readFile(opened)];
    expect(manifest).to.include({
      encrypted: true,
      archiveSize: archive.length,
      sha256: sha256(archive),
      storedSize: stored.length,
      storedSha256: sha256(stored),
    });
    expect(saved.stored.size).to.equal(stored.length);
    expect(JSON.parse(await readFile(`${manifest.location}.manifest.json`, "utf8"))).to.deep.equal(manifest);
  });

  it("ends in .age once, whatever the target", async () => {
    for (const target of ["always.snap", "always.snap.age"]) {
      const wishes = { recipients: [key.recipient], overwrite: true };
      const { saved } = await saveTo(join(folder.path, target), { address: consul.address }, wishes);
      expect(saved.manifest.location).to.equal(join(folder.path, "always.snap.age"));
    }
    expect(await folder.entries()).to.deep.equal(["always.snap.age", "always.snap.age.manifest.json"]);
  });

  it("asks Consul for nothing when a recipient is none, and leaves nothing", async () => {
    const lying = await lyingConsul((response) => response.end());
    try {
      const saving = saveTo(`${folder.path}/`, { address: lying.address }, { recipients: ["age1x"] });
      expect((await failureOf(saving)).code).to.equal("ARGUMENT_INVALID");
      expect(lying.asked()).to.equal(0);
      expect(await folder.entries()).to.be.empty;
    } finally {
      await lying.stop();
    }
  });

  it("leaves nothing when the archive is not valid at its very end", async () => {
    const parts: Buffer[] = [];
    for await (const part of generatedArchive(300_000)) parts.push(part as Buffer);
    const archive = Buffer.concat(parts);
    const lying = await lyingConsul((response, headers) => {
      response.writeHead(200, headers).end(archive.subarray(0, -1));
    });
    try {
      const saving = saveTo(`${folder.path}/`, { address: lying.address }, { recipients: [key.recipient] });
      expect((await failureOf(saving)).code).to.equal("ARCHIVE_TRUNCATED");
      expect(await folder.entries()).to.be.empty;
    } finally {
      await lying.stop();
    }
  });
});
