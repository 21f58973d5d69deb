/** Retention beside what real clusters do: other stacks, other organisations, another life. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Context } from "../../../provider/lifecycle";
import { snapshotLifecycle } from "../../../provider/resources/snapshot/lifecycle";
import { type ConsulServer, fillKv, startConsul, until } from "../../support/consul/consul";
import { saveTo, temporaryFolder, type Wishes } from "../../support/programs/saving";
import { countStores } from "../../support/stores/countedBackend";

const KEEP_ONE = { retention: { keepLast: 1 } };

describe("retention, with real clusters", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    consul = await startConsul();
  });
  after(() => consul.stop());
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  const save = (wishes: Wishes = {}, server = consul) =>
    saveTo(`${folder.path}/`, { address: server.address }, { sparedMs: Number.NEGATIVE_INFINITY, ...wishes });
  const archives = async () => (await folder.entries()).filter((name) => name.endsWith(".snap"));

  it("leaves the archives of other organizations, stacks and resources of the same names", async () => {
    const owners: NonNullable<Wishes["owner"]>[] = [
      { organization: "rival" },
      { stack: "prod" },
      { project: "shop" },
      { name: "weekly" },
    ];
    const others: Wishes[] = owners.map((owner) => ({ owner }));
    for (const other of others) await save(other);
    for (const other of others) await save(other);
    await save();
    const { saved } = await save(KEEP_ONE);
    expect(saved.pruned).to.deep.equal({ kept: 1, removed: 1 });
    expect(await archives()).to.have.lengthOf(2 * others.length + 1);
  });

  it("of resources that share a series in one process reads each manifest once", async () => {
    const counts = countStores();
    const context: Context = {
      signal: new AbortController().signal,
      owner: { organization: "acme", project: "shop", stack: "prod", name: "backup" },
      config: () => undefined,
      status: () => undefined,
      info: () => undefined,
      warn: () => undefined,
    };
    const inputs = {
      target: "counted://shared/up/",
      series: "shared",
      retention: { keepLast: 9 },
      connection: { address: consul.address },
    };
    const created: unknown[] = [];
    for (let round = 0; round < 4; round++)
      created.push((await snapshotLifecycle.create(inputs, context)).outputs.kept);
    expect(created).to.deep.equal([1, 2, 3, 4]);
    const read = counts.read.filter((location) => location.endsWith(".manifest.json"));
    expect(read).to.have.length(3);
    expect(new Set(read).size).to.equal(3);
  });

  it("of two that save and prune at once: each keeps its own newest, and touches none of the other's", async () => {
    const both: Wishes[] = [{ owner: { organization: "acme" } }, { owner: { organization: "rival" } }];
    const rounds = 4;
    const saved = await Promise.all(
      both.map(async (wishes) => {
        const locations: string[] = [];
        for (let round = 0; round < rounds; round += 1) {
          const { saved: one, said } = await save({ ...wishes, retention: { keepLast: 2 } });
          expect(said.warn).to.deep.equal([]);
          expect(one.pruned).to.deep.equal({ kept: Math.min(2, round + 1), removed: round < 2 ? 0 : 1 });
          locations.push(one.manifest.location);
        }
        return locations.slice(-2);
      }),
    );
    const there = (await archives()).map((name) => join(folder.path, name));
    expect(there).to.have.members(saved.flat());
  });

  it("removes nothing of a cluster that was rebuilt from nothing, and says how many it left", async () => {
    const old = await startConsul();
    try {
      for (let count = 0; count < 3; count += 1) await save({}, old);
    } finally {
      await old.stop();
    }
    const { saved, said } = await save(KEEP_ONE);
    expect(saved.pruned).to.deep.equal({ kept: 1, removed: 0 });
    expect(said.info.join()).to.include("left 3 of this series, but of another cluster");
    expect(await archives()).to.have.lengthOf(4);
  });

  it("removes nothing when the index fell, as in a cluster whose data was lost, and says so", async () => {
    const reborn = await startConsul();
    try {
      // So many that what a new leader writes by itself, now or later, is fewer.
      await fillKv(reborn, { keys: 3200, bytes: 10 });
      const before = await save({}, reborn);
      await reborn.kill();
      // Its name stays: only what it knew is gone.
      await rm(join(reborn.dataDir, "raft"), { recursive: true });
      await reborn.start();
      await until("the server to lead again", async () =>
        (await reborn.fetch("/v1/kv/ready?consistent")).status === 404 ? true : undefined,
      );
      const after = await save(KEEP_ONE, reborn);
      expect(after.saved.manifest.servers.map(({ id }) => id)).to.deep.equal(
        before.saved.manifest.servers.map(({ id }) => id),
      );
      expect(after.saved.manifest.index).to.be.below(before.saved.manifest.index);
      expect(after.saved.pruned).to.include({ kept: 2, removed: 0 });
      expect(after.said.warn.join()).to.match(/nothing was removed: the index fell, from .*the cluster was rebuilt/);
      expect(await archives()).to.have.lengthOf(2);
    } finally {
      await reborn.stop();
    }
  });
});
