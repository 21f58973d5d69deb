import { execFile } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { type KeyPair, keyPair } from "../support/archives/ageKeys";
import { type ConsulServer, inspect, startConsul } from "../support/consul/consul";
import { PulumiProject } from "../support/pulumi/project";
import { tool } from "../support/stores/serverProcess";

const PROGRAM = `
new ConsulSnapshot("backup", {
  target: "./backups/",
  verifyOnRefresh: true,
  ...(env.RECIPIENT ? { encryption: { recipients: [env.RECIPIENT] } } : {}),
});
`;
const LOOKUP = `
const found = ConsulSnapshot.get("found", env.LOCATION);
exports.sha256 = found.sha256;
`;

/** What is particular to it; the rest of its life is in `lifecycle/`. */
describe("an encrypted ConsulSnapshot, in a real engine", function () {
  this.timeout(180_000);
  let consul: ConsulServer;
  let key: KeyPair;
  let other: KeyPair;
  let project: PulumiProject;
  before(async () => {
    [consul, key, other] = [await startConsul(), await keyPair(), await keyPair()];
  });
  after(() => consul.stop());
  beforeEach(async () => {
    project = await PulumiProject.create(PROGRAM, { config: { "consul:address": consul.address } });
  });
  afterEach(() => project.remove());

  it("is opened by the age tool, accepted by Consul, and looked up with the file that the environment names", async () => {
    await project.up({ RECIPIENT: key.recipient });
    const { location, snapshotId, sha256 } = await project.outputs();
    const sealed = String(location);
    expect(sealed).to.match(/\.snap\.age$/);
    const [plain, identity] = [project.path("x.snap"), project.path("key.txt")];
    await writeFile(identity, `${key.identity}\n`);
    await promisify(execFile)(tool("age"), ["--decrypt", "--identity", identity, "--output", plain, sealed]);
    expect((await inspect(plain)).Meta.ID).to.equal(snapshotId);
    await rm(`${sealed}.manifest.json`);
    await project.program(LOOKUP);
    await project.up({ LOCATION: sealed, CONSUL_SNAPSHOT_AGE_IDENTITY_FILE: identity });
    expect(await project.outputs()).to.include({ sha256, encrypted: true });
  });

  it("is compared byte for byte by a refresh, and stays as it is when its recipients change", async () => {
    const env = { RECIPIENT: key.recipient };
    await project.up(env);
    const { location } = await project.outputs();
    expect(await project.refresh(env))
      .to.include("decrypting it was not tried")
      .and.not.include("has changed");
    await project.up({ RECIPIENT: other.recipient });
    expect((await project.outputs()).location).to.equal(location);
    const path = String(location);
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
    expect(await project.refresh({ RECIPIENT: other.recipient })).to.include(`the archive ${path} has changed`);
  });

  it("says in the preview what is no recipient, and what stays as it is", async () => {
    const refused = await project.run(["preview"], { RECIPIENT: key.identity });
    expect(refused.code).to.not.equal(0);
    expect(refused.text)
      .to.include("recipient 1 of 1 is not an age recipient")
      .and.not.match(/\n\s+at /);
    await project.up();
    expect(await project.up({ RECIPIENT: key.recipient })).to.include("was saved without encryption and stays so");
    for (const name of await readdir(project.path("tmp"), { recursive: true })) expect(name).to.not.match(/snap$/);
    expect(await readdir(join(project.dir, "backups"))).to.have.lengthOf(2);
  });
});
