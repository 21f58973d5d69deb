import { createHash } from "node:crypto";
import { expect } from "chai";
import { type KeyPair, keyPair } from "../../support/archives/ageKeys";
import { ARCHIVE_FACTS } from "../../support/archives/facts";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import { PulumiProject } from "../../support/pulumi/project";
import { bytesAt, names, remove, removeManifest, write } from "../../support/stores/objects";
import { STORES, type StoreServer } from "../../support/stores/stores";

/** A store, with or without encryption: one resource of the program. */
interface World {
  readonly name: string;
  readonly target: string;
  readonly encrypted: boolean;
  readonly server: StoreServer;
}

const PROGRAM = `
for (const { name, target, encrypted } of JSON.parse(env.WORLDS)) {
  new ConsulSnapshot(name, {
    target,
    deletionPolicy: env.POLICY || "retain",
    ...(encrypted ? { encryption: { recipients: [env.RECIPIENT] } } : {}),
  });
}
`;
const LOOKUP = `
const decryption = env.IDENTITY ? { identities: [env.IDENTITY] } : undefined;
for (const [name, location] of Object.entries(JSON.parse(env.LOCATIONS))) ConsulSnapshot.get(name, location, { decryption });
`;
const sha256Of = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");
type Outputs = Readonly<Record<string, unknown>>;

/**
 * One life in which a store takes part by all that it does, of a resource in each store, plain and encrypted, side by side in one
 * program: each command of the engine takes seconds.
 */
describe("a ConsulSnapshot in each store, plain and encrypted, in a real engine", function () {
  this.timeout(300_000);
  let consul: ConsulServer;
  let key: KeyPair;
  let project: PulumiProject;
  let worlds: readonly World[];
  const servers: StoreServer[] = [];
  let environment: NodeJS.ProcessEnv;

  before(async () => {
    environment = { ...process.env };
    [consul, key] = await Promise.all([startConsul(), keyPair()]);
    servers.push(...(await Promise.all(STORES.map((kind) => kind.start()))));
    worlds = servers.flatMap((server, at) =>
      [false, true].map((encrypted) => {
        const name = `${at}${encrypted ? "-encrypted" : ""}`;
        return { name, encrypted, server, target: server.url(`life ${name}+é/`) };
      }),
    );
    const env = Object.assign({}, ...servers.map((server) => server.env)) as Record<string, string>;
    Object.assign(process.env, env);
    project = await PulumiProject.create(PROGRAM, {
      config: { "consul:address": consul.address },
      env: {
        ...env,
        WORLDS: JSON.stringify(worlds.map(({ name, target, encrypted }) => ({ name, target, encrypted }))),
        RECIPIENT: key.recipient,
      },
    });
  });
  after(async () => {
    process.env = environment;
    await Promise.all([project.remove(), consul.stop(), ...servers.map((server) => server.stop())]);
  });

  /** The outputs of each world's resource, as state has them. */
  async function outputs(): Promise<ReadonlyMap<World, Outputs>> {
    const resources = await project.resources();
    expect(resources).to.have.lengthOf(worlds.length);
    return new Map(
      worlds.map((world) => {
        const found = resources.find(({ urn }) => urn.endsWith(`::${world.name}`));
        expect(found, `${world.target} in state`).to.exist;
        return [world, found?.outputs ?? {}];
      }),
    );
  }

  async function locations(): Promise<ReadonlyMap<World, string>> {
    return new Map([...(await outputs())].map(([world, { location }]) => [world, String(location)]));
  }

  it("is taken once, noticed when it changed, and deleted or kept when it is destroyed", async () => {
    const env = { POLICY: "delete" };
    await project.up(env);
    const changed = await locations();
    for (const [{ server, target, encrypted }, saved] of await outputs()) {
      expect(await bytesAt(String(saved.location))).to.have.lengthOf(Number(saved.storedSize));
      expect(saved.encrypted, target).to.equal(encrypted);
      const read = await server.vendorRead?.(String(saved.url));
      expect(sha256Of(read ?? ""), String(saved.url)).to.equal(saved.storedSha256);
    }
    expect(await project.up(env))
      .to.include(`${worlds.length + 1} unchanged`)
      .and.not.include("Consul to write");
    expect(await locations()).to.deep.equal(changed);
    for (const { target } of worlds) expect(await names(target), target).to.have.lengthOf(2);

    for (const location of changed.values()) {
      await write(location, Buffer.concat([(await bytesAt(location)) ?? Buffer.alloc(0), Buffer.from("x")]));
    }
    const refreshed = await project.refresh(env);
    for (const location of changed.values()) expect(refreshed).to.include(`the archive ${location} has changed`);
    await project.up(env);
    const deleted = await locations();
    const destroyed = await project.destroy(env);
    for (const [world, location] of deleted) {
      expect(location).to.not.equal(changed.get(world));
      expect(destroyed).to.include(`the archive ${location} was deleted`);
      expect(await bytesAt(location), location).to.equal(undefined);
    }
    for (const location of changed.values()) expect(await bytesAt(location), location).to.exist;
  });

  it("is looked up by its location, with its manifest and without", async () => {
    await project.program(PROGRAM);
    await project.up();
    const saved = await outputs();
    const destroyed = await project.destroy();
    for (const { location } of saved.values()) expect(destroyed).to.include(`the archive stays: ${String(location)}`);

    await project.program(LOOKUP);
    const LOCATIONS = JSON.stringify(
      Object.fromEntries([...saved].map(([{ name }, { location }]) => [name, String(location)])),
    );
    await project.up({ LOCATIONS });
    for (const [world, found] of await outputs()) {
      for (const name of [...ARCHIVE_FACTS, "datacenter"]) expect(found[name], name).to.equal(saved.get(world)?.[name]);
    }

    for (const { location } of saved.values()) await removeManifest(String(location));
    await project.destroy({ LOCATIONS });
    expect(await project.upFails({ LOCATIONS })).to.include("no identity is specified");
    await project.up({ LOCATIONS, IDENTITY: key.identity });
    for (const [world, found] of await outputs()) {
      for (const name of ARCHIVE_FACTS)
        expect(found[name], `${world.target}: ${name}`).to.equal(saved.get(world)?.[name]);
      expect(found).to.not.have.property("datacenter");
    }
    await project.destroy({ LOCATIONS });
    for (const { location } of saved.values()) await remove(String(location));
  });
});
