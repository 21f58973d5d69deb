import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { parseLocation } from "../../provider/store/location";
import { openStore } from "../../provider/store/open";
import { collect, type KeyPair, keyPair } from "../encryption/keys";
import { type ConsulServer, inspect, startConsul } from "../support/consul";
import { PulumiProject } from "../support/pulumi";
import { STORES } from "../support/stores";
import { tool } from "../support/stores-process";

const PROGRAM = `
new ConsulSnapshot("backup", {
  target: env.TARGET,
  triggers: [env.TRIGGER || "1"],
  deletionPolicy: "delete",
  verifyOnRefresh: true,
  ...(env.RECIPIENT ? { encryption: { recipients: [env.RECIPIENT] } } : {}),
});
`;
const LOOKUP = `
const found = ConsulSnapshot.get("found", env.LOCATION);
exports.sha256 = found.sha256;
`;

async function at<T>(
  location: string,
  work: (store: Awaited<ReturnType<typeof openStore>>, key: string) => Promise<T>,
) {
  const place = parseLocation(location);
  const store = await openStore(place);
  try {
    return await work(store, place.key);
  } finally {
    store.close();
  }
}

describe("an encrypted ConsulSnapshot, in a real engine", function () {
  this.timeout(180_000);
  let consul: ConsulServer;
  let key: KeyPair;
  let other: KeyPair;
  const environment = { ...process.env };
  before(async () => {
    [consul, key, other] = [await startConsul(), await keyPair(), await keyPair()];
  });
  after(() => consul.stop());
  afterEach(() => {
    process.env = { ...environment };
  });

  for (const kind of STORES) {
    it(`lives in ${kind.name} as one that is not encrypted does`, async () => {
      const server = await kind.start();
      Object.assign(process.env, server.env);
      const env = { ...server.env, TARGET: server.url("life/"), RECIPIENT: key.recipient };
      const project = await PulumiProject.create(PROGRAM, { config: { "consul:address": consul.address }, env });
      try {
        await project.up();
        const first = await project.outputs();
        const location = String(first.location);
        expect(parseLocation(location).key).to.match(/\.snap\.age$/);
        expect(first).to.include({ encrypted: true });
        const [sealed, plain, identity] = [project.path("x.age"), project.path("x.snap"), project.path("key.txt")];
        await writeFile(identity, `${key.identity}\n`);
        await writeFile(sealed, await at(location, (store, name) => collect(store.read(name))));
        await promisify(execFile)(tool("age"), ["--decrypt", "--identity", identity, "--output", plain, sealed]);
        expect((await inspect(plain)).Meta.ID).to.equal(first.snapshotId);

        expect(await project.refresh())
          .to.include("decrypting it was not tried")
          .and.not.include("has changed");
        expect(await project.up()).to.not.include("snapshot will be taken");
        await project.up({ RECIPIENT: other.recipient });
        expect((await project.outputs()).location).to.equal(location);
        await project.up({ TRIGGER: "2" });
        const second = String((await project.outputs()).location);
        expect(await at(location, (store, name) => store.head(name))).to.equal(undefined);

        const lookup = await PulumiProject.create(LOOKUP, { env: { ...server.env, LOCATION: second } });
        await lookup.up();
        const { sha256 } = await lookup.outputs();
        await at(second, (store, name) => store.delete(`${name}.manifest.json`));
        const blind = await lookup.upFails();
        expect(blind)
          .to.include("no identity is given")
          .and.not.match(/\n\s+at /);
        await lookup.up({ CONSUL_SNAPSHOT_AGE_IDENTITY_FILE: identity });
        expect(await lookup.outputs()).to.include({ sha256, encrypted: true });
        const state = await readFile(lookup.stateFile(), "utf8");
        expect(state).to.not.include(key.identity);
        await lookup.remove();

        await project.destroy();
        expect(await at(second, (store, name) => store.head(name))).to.equal(undefined);
      } finally {
        await project.remove();
        await server.stop();
      }
    });
  }

  it("says in the preview what is no recipient, and what stays as it is", async () => {
    const env = { TARGET: "./backups/" };
    const project = await PulumiProject.create(PROGRAM, { config: { "consul:address": consul.address }, env });
    try {
      const refused = await project.run(["preview"], { RECIPIENT: key.identity });
      expect(refused.code).to.not.equal(0);
      expect(refused.text)
        .to.include("recipient 1 of 1 is not an age recipient")
        .and.not.match(/\n\s+at /);
      await project.up();
      expect(await project.up({ RECIPIENT: key.recipient })).to.include("was saved before encryption was asked for");
      for (const name of await readdir(project.path("tmp"), { recursive: true })) expect(name).to.not.match(/snap$/);
      expect(await readdir(join(project.dir, "backups"))).to.have.lengthOf(2);
    } finally {
      await project.remove();
    }
  });
});
