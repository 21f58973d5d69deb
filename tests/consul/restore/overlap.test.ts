import { Readable } from "node:stream";
import { expect } from "chai";
import { openStore } from "../../../provider/store/backends";
import { parseLocation } from "../../../provider/store/location";
import type { Store } from "../../../provider/store/store";
import { type ConsulServer, fillKv, startConsul } from "../../support/consul/consul";
import { type ConsulProxy, consulProxy } from "../../support/faults/consulProxy";
import { startStoreProxy, type StoreProxy } from "../../support/faults/storeProxy";
import { outcomeForUsers, restoreFrom, type RestoreWishes } from "../../support/programs/restoring";
import { saveTo, temporaryFolder } from "../../support/programs/saving";
import { Ground } from "../../support/stores/ground";
import { versitygw } from "../../support/stores/s3";

describe("a restore whose archive is slow to read", function () {
  this.timeout(120_000);
  const ground = new Ground(versitygw);
  let consul: ConsulServer;
  let consulFront: ConsulProxy;
  let storeFront: StoreProxy;
  let store: Store;
  /** A location that leads through the proxy of the store. */
  let archive: string;
  let safety: Awaited<ReturnType<typeof temporaryFolder>>;

  before(async () => {
    consul = await startConsul({ config: { disable_coordinates: true } });
    await fillKv(consul, { keys: 20, bytes: 1000 });
    await consul.api("/v1/kv/who", { method: "PUT", body: "the archive" });
    await ground.start();
    storeFront = await startStoreProxy(ground.server.port);
    archive = (await saveTo(slow("archives/"), { address: consul.address })).saved.manifest.location;
    store = await openStore(parseLocation(archive));
    await consul.api("/v1/kv/who", { method: "PUT", body: "the cluster" });
  });
  beforeEach(async () => {
    consulFront = await consulProxy(consul.address);
    safety = await temporaryFolder();
  });
  afterEach(async () => {
    await consulFront.stop();
    await safety.remove();
  });
  after(async () => {
    store.close();
    await storeFront.stop();
    await ground.stop();
    await consul.stop();
  });

  function slow(name: string): string {
    return ground.server.url(name, undefined, storeFront.port);
  }

  /** The end of `source` arrives only after Consul was asked for the safety snapshot. */
  async function restore(source: string, wishes: RestoreWishes = {}) {
    const asked = new Promise<void>((resolve) => {
      consulFront.beforeSnapshot(() => Promise.resolve().then(resolve));
    });
    storeFront.holdLastByte(/\.snap$/, () => asked);
    return restoreFrom(source, { address: consulFront.address }, { safety: `${safety.path}/`, ...wishes });
  }

  it("begins its safety snapshot before the archive is verified", async () => {
    const ended = await restore(archive);
    expect(outcomeForUsers(ended)).to.equal("as archived");
    expect(await consul.api("/v1/kv/who?raw")).to.equal("the archive");
    const saved = ended.restored?.safetySnapshot ?? "";
    expect(saved).to.contain(safety.path);
    const undone = await restoreFrom(saved, { address: consul.address });
    expect(outcomeForUsers(undone)).to.equal("as archived");
    expect(await consul.api("/v1/kv/who?raw")).to.equal("the cluster");
  });

  it("leaves no safety snapshot if the end of the archive is damaged", async () => {
    const parts: Uint8Array[] = [];
    for await (const part of store.read(parseLocation(archive).key)) parts.push(part.slice());
    const damaged = Buffer.concat(parts);
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    const source = slow("damaged.snap");
    await store.put(parseLocation(source).key, Readable.from([damaged]), { overwrite: false });
    const { error } = await restore(source);
    expect(error?.code).to.equal("ARCHIVE_CHECKSUM");
    await expectUnchanged();
  });

  it("leaves no safety snapshot if a guard refuses the archive", async () => {
    const { error } = await restore(archive, { request: { sha256: "0".repeat(64) } });
    expect(error?.code).to.equal("RESTORE_REFUSED");
    await expectUnchanged();
  });

  it("leaves no safety snapshot if it is interrupted meanwhile", async () => {
    const interrupting = new AbortController();
    consulFront.beforeSnapshot(() =>
      Promise.resolve().then(() => {
        interrupting.abort();
      }),
    );
    storeFront.holdLastByte(/\.snap$/, () => new Promise(() => undefined));
    const { error } = await restoreFrom(
      archive,
      { address: consulFront.address },
      { safety: `${safety.path}/`, signal: interrupting.signal },
    );
    expect(error?.code).to.equal("INTERRUPTED");
    await expectUnchanged();
  });

  async function expectUnchanged(): Promise<void> {
    expect(await safety.entries()).to.deep.equal([]);
    expect(consulFront.restores()).to.equal(0);
    expect(await consul.api("/v1/kv/who?raw")).to.equal("the cluster");
  }
});
