/** A save that succeeded, though nobody was left to record it: its archive is one of its series like any other. */

import { basename } from "node:path";
import { expect } from "chai";
import { parseLocation } from "../../../provider/store/location";
import { openStore } from "../../../provider/store/backends";
import { type ConsulServer, startConsul, until } from "../../support/consul/consul";
import { isAlive, providerPids, PulumiProject } from "../../support/pulumi/project";
import type { StoreServer } from "../../support/stores/stores";
import { type StoreProxy, startStoreProxy } from "../../support/faults/storeProxy";
import { versitygw } from "../../support/stores/s3";

const PROGRAM = `
new ConsulSnapshot("backup", {
  target: env.TARGET,
  triggers: [env.TRIGGER || "1"],
  retention: { keepLast: 2 },
});
`;
const UP = ["up", "--yes", "--skip-preview"];

describe("an archive whose create was lost", function () {
  this.timeout(240_000);
  let consul: ConsulServer;
  let server: StoreServer;
  let proxy: StoreProxy;
  let project: PulumiProject;
  let target: string;
  let tests = 0;
  const environment = { ...process.env };

  before(async () => {
    [consul, server] = await Promise.all([startConsul(), versitygw.start()]);
    proxy = await startStoreProxy(server.port);
    Object.assign(process.env, server.env);
  });
  after(async () => {
    process.env = environment;
    await proxy.stop();
    await Promise.all([consul.stop(), server.stop()]);
  });
  beforeEach(async () => {
    const folder = `lost-${++tests}/`;
    target = server.url(folder);
    const env = { ...server.env, TARGET: server.url(folder, undefined, proxy.port) };
    project = await PulumiProject.create(PROGRAM, { config: { "consul:address": consul.address }, env });
  });
  afterEach(() => project.remove());

  async function archives(): Promise<string[]> {
    const { key } = parseLocation(target.replace("/?", "/x?"));
    const store = await openStore(parseLocation(target.replace("/?", "/x?")));
    const names: string[] = [];
    for await (const object of store.list(key.slice(0, -1))) names.push(basename(object.key));
    store.close();
    return names.filter((name) => name.endsWith(".snap")).sort();
  }

  /** An `up` whose archive is visible, and whose retention waits for the listing. */
  async function saved() {
    let visible = false;
    let listings = 0;
    proxy.refuse((method, path) => {
      if (method === "PUT" && path.endsWith(".snap")) visible = true;
      if (!visible || method !== "GET" || !/^\/bucket\/?$/.test(path)) return undefined;
      listings++;
      return "hold";
    });
    const { child, output } = project.start(UP);
    const ended = new Promise((done) => child.on("close", done));
    await until("the archive to be visible", () => {
      if (child.exitCode !== null) throw new Error(output());
      return Promise.resolve(listings > 0 ? true : undefined);
    });
    const [provider] = providerPids(child);
    if (provider === undefined) throw new Error("no provider process");
    const [lost, ...others] = await archives();
    expect(others).to.be.empty;
    return { cli: child, provider, ended, output, lost, listings: () => listings };
  }

  /** Counted with the next one, and spared when it is the oldest of too many only because it was just written. */
  async function expectCounted(lost: string | undefined): Promise<void> {
    expect((await project.outputs()).kept).to.equal(2);
    expect(await archives())
      .to.have.lengthOf(2)
      .and.include(lost);
    const text = await project.up({ TRIGGER: "2" });
    expect(text).to.not.include("pending operations");
    expect(text).to.include("retention: kept 3, removed 0");
    expect(await project.outputs()).to.include({ kept: 3, removed: 0 });
    expect(await archives())
      .to.have.lengthOf(3)
      .and.include(lost);
  }

  it("because pulumi was killed, is counted by retention once the lock is lifted and another is saved", async () => {
    const { cli, provider, lost, listings } = await saved();
    cli.kill("SIGKILL");
    await until("the provider to end", () => Promise.resolve(isAlive(provider) ? undefined : true));
    expect(listings(), "it ends without a second try").to.equal(1);
    proxy.refuse(() => undefined);
    expect(await project.upFails()).to.include("the stack is currently locked by 1 lock(s)");
    expect((await project.run(["cancel", "--yes"])).code).to.equal(0);
    expect(await project.up()).to.include("Attempting to deploy or update resources with 1 pending operations");
    const cleared = await project.run(["refresh", "--yes", "--skip-preview", "--clear-pending-creates"]);
    expect(cleared.code, cleared.text).to.equal(0);
    await expectCounted(lost);
  });

  it("because the provider was killed, is counted by retention when the next one is saved", async () => {
    const { provider, ended, output, lost } = await saved();
    process.kill(provider, "SIGKILL");
    await ended;
    expect(output()).to.include("error");
    proxy.refuse(() => undefined);
    await project.up();
    await expectCounted(lost);
  });
});
