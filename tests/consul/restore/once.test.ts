import { chmod, copyFile, mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type ConsulServer, fillKv, startConsul } from "../../support/consul/consul";
import { type ConsulProxy, consulProxy } from "../../support/faults/consulProxy";
import { federated } from "../../support/consul/federated";
import { type Ended, outcomeForUsers, restoreFrom, type RestoreWishes } from "../../support/programs/restoring";
import { withoutRights } from "../../support/faults/unprivileged";
import { saveTo, temporaryFolder } from "../../support/programs/saving";

describe("one run is restored once", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let proxy: ConsulProxy;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let archive: string;
  let restoredBefore: number;
  const path = (name: string): string => join(folder.path, name);
  const restores = (): number => proxy.restores() - restoredBefore;

  before(async () => {
    consul = await startConsul();
    await fillKv(consul, { keys: 20, bytes: 100 });
    await federated(consul, 1);
    proxy = await consulProxy(consul.address);
  });
  after(async () => {
    await proxy.stop();
    await consul.stop();
  });
  beforeEach(async () => {
    folder = await temporaryFolder();
    await chmod(folder.path, 0o755);
    await consul.api("/v1/kv/who", { method: "PUT", body: "the archive" });
    archive = (await saveTo(path("archives/"), { address: consul.address })).saved.manifest.location;
    await consul.api("/v1/kv/who", { method: "PUT", body: "the cluster" });
    restoredBefore = proxy.restores();
  });
  afterEach(() => folder.remove());

  function run(source: string, safety: string | undefined, wishes: RestoreWishes = {}): Promise<Ended> {
    const request = { runId: "once", ...wishes.request };
    return restoreFrom(
      source,
      { address: proxy.address },
      { ...wishes, request, ...(safety === undefined ? {} : { safety: path(safety) }) },
    );
  }

  async function receiptsIn(name: string): Promise<string[]> {
    const names = await readdir(path(name)).catch(() => []);
    return names.filter((file) => file.endsWith(".receipt.json")).map((file) => path(join(name, file)));
  }

  /** The archive with its manifest, in a folder of its own. */
  async function copyIn(name: string): Promise<string> {
    await mkdir(path(name), { mode: 0o755 });
    const copy = path(join(name, "copy.snap"));
    for (const end of ["", ".manifest.json"]) {
      await copyFile(archive + end, copy + end);
      await chmod(copy + end, 0o644);
    }
    return copy;
  }

  for (const [name, safety] of [
    ["with another target for the safety snapshot", "elsewhere/"],
    ["without a safety snapshot", undefined],
  ] as const) {
    it(`when it is run again ${name}`, async () => {
      const first = await run(archive, "safety/");
      expect([outcomeForUsers(first), first.restored?.adopted]).to.deep.equal(["as archived", false]);
      const again = await run(archive, safety);
      expect([outcomeForUsers(again), again.restored?.adopted]).to.deep.equal(["as archived", true]);
      expect(again.said.warn.join()).to.include("nothing was restored now");
      expect(restores()).to.equal(1);
      expect(await receiptsIn("elsewhere")).to.deep.equal([]);
    });

    it(`when it began and is read back ${name}`, async () => {
      const cut = proxy.next("cut");
      const first = await run(archive, "safety/", { limits: { unchangedMs: 1 } });
      await cut;
      expect(first.error?.code).to.equal("RESTORE_UNCONFIRMED");
      const again = await run(archive, safety, { limits: { unchangedMs: 1 } });
      expect(again.error?.code).to.equal("RESTORE_UNCONFIRMED");
      expect(again.error?.message).to.include('a restore of runId "once" was begun');
      expect(restores()).to.equal(1);
    });
  }

  it("and names its safety snapshot later, where that is at the place of the request", async () => {
    const { restored } = await run(archive, "safety/");
    expect(restored?.safetySnapshot).to.be.a("string");
    expect((await run(archive, "safety/")).restored?.safetySnapshot).to.equal(restored?.safetySnapshot);
    expect((await run(archive, "elsewhere/")).restored).to.not.have.property("safetySnapshot");
    // Reading back with other arguments takes nothing out of the receipts.
    for (const receipt of [...(await receiptsIn("safety")), ...(await receiptsIn("archives"))]) {
      const text = await readFile(receipt, "utf8");
      expect((JSON.parse(text) as { safetySnapshot?: string }).safetySnapshot, receipt).to.equal(
        restored?.safetySnapshot,
      );
    }
  });

  describe("when its process was killed before it could record the result", () => {
    /** @returns writes the result again */
    async function killed(): Promise<() => Promise<void>> {
      expect((await run(archive, "safety/")).restored?.adopted).to.equal(false);
      const receipts = [...(await receiptsIn("safety")), ...(await receiptsIn("archives"))];
      const texts = await Promise.all(receipts.map((receipt) => readFile(receipt, "utf8")));
      for (const [at, receipt] of receipts.entries()) {
        const { result, ...begun } = JSON.parse(texts[at] ?? "") as { result?: object };
        expect(result).to.be.an("object");
        await writeFile(receipt, JSON.stringify(begun));
      }
      return async () => {
        for (const [at, receipt] of receipts.entries()) {
          // As the store writes: nobody may read half of it.
          await writeFile(`${receipt}.written`, texts[at] ?? "");
          await rename(`${receipt}.written`, receipt);
        }
      };
    }

    it("is proved by its safety snapshot, where that is at the place of the request", async () => {
      await killed();
      const again = await run(archive, "safety/");
      expect([outcomeForUsers(again), again.restored?.adopted]).to.deep.equal(["as archived", true]);
      expect(again.restored?.safetySnapshot).to.be.a("string");
      expect(restores()).to.equal(1);
    });

    it("is not proved by its receipt alone, and says what to do", async () => {
      await killed();
      for (const safety of ["elsewhere/", undefined]) {
        const again = await run(archive, safety, { limits: { unchangedMs: 1 } });
        expect(again.restored).to.equal(undefined);
        expect(again.error?.code).to.equal("RESTORE_UNCONFIRMED");
        expect(again.error?.message).to.include("its safety snapshot is not at the place of this request");
        expect(again.error?.hint).to.include("safetySnapshot").and.include("choose another runId");
        // The receipt was read again and again meanwhile.
        const said = again.said.info.filter((line) =>
          line.includes("names a safety snapshot that is not at the place"),
        );
        expect(said).to.have.lengthOf(1);
      }
      expect(restores()).to.equal(1);
    });

    it("is adopted once the process that still works adds the result", async () => {
      const complete = await killed();
      let completing: Promise<void> | undefined;
      const again = await run(archive, "elsewhere/", {
        limits: { unchangedMs: 60_000 },
        heard: (message) => {
          if (message.includes("waiting for the result")) completing ??= complete();
        },
      });
      await completing;
      expect([outcomeForUsers(again), again.restored?.adopted]).to.deep.equal(["as archived", true]);
      expect(restores()).to.equal(1);
    });
  });

  it("and both receipts tell what came of it", async () => {
    const { restored } = await run(archive, "safety/");
    expect(restored?.outcome).to.be.oneOf(["exact", "drift"]);
    const receipts = [...(await receiptsIn("safety")), ...(await receiptsIn("archives"))];
    expect(receipts).to.have.lengthOf(2);
    expect(restored?.receipt).to.equal(receipts[0]);
    for (const receipt of receipts) {
      const { result } = JSON.parse(await readFile(receipt, "utf8")) as { result?: { outcome: string } };
      expect(result?.outcome, receipt).to.equal(restored?.outcome);
    }
  });

  it("when two begin at the same time with different targets for their safety snapshots", async () => {
    const both = await Promise.all([run(archive, "one/"), run(archive, "two/")]);
    expect(both.map(({ restored }) => restored?.adopted)).to.have.members([true, false]);
    expect(restores()).to.equal(1);
  });

  it("when two begin at the same time with different archives, of which the later takes its receipt back", async () => {
    const copy = await copyIn("copies");
    const both = await Promise.all([run(archive, "safety/"), run(copy, "safety/")]);
    expect(both.map(({ restored }) => restored?.adopted)).to.have.members([true, false]);
    expect(restores()).to.equal(1);
    expect([...(await receiptsIn("archives")), ...(await receiptsIn("copies"))]).to.have.lengthOf(1);
  });

  it("when the archive and the safety snapshot lie in one folder, also under two names", async () => {
    await symlink(path("archives"), path("link"));
    for (const safety of ["archives/", "link/"]) {
      const request = { runId: safety };
      expect((await run(archive, safety, { request })).restored?.adopted).to.equal(false);
      expect((await run(archive, safety, { request })).restored?.adopted).to.equal(true);
    }
    expect(restores()).to.equal(2);
    expect(await receiptsIn("archives")).to.have.lengthOf(2);
  });

  it("beside an archive whose folder may not be written, as far as is said", async () => {
    const copy = await copyIn("read-only");
    await chmod(path("read-only"), 0o555);
    await mkdir(path("mine"));
    await chmod(path("mine"), 0o777);
    const first = await withoutRights(() => run(copy, "mine/"));
    expect([outcomeForUsers(first), first.restored?.adopted]).to.deep.equal(["as archived", false]);
    expect(first.said.warn.join()).to.include("there is no receipt beside the archive");
    expect(first.restored?.receipt).to.equal((await receiptsIn("mine"))[0]);
    const again = await withoutRights(() => run(copy, "mine/"));
    expect(again.restored?.adopted).to.equal(true);
    const without = await withoutRights(() => run(copy, undefined));
    expect(without.error?.message).to.include("guard noReceipt");
    expect(restores()).to.equal(1);
  });

  it("also with noReceipt, where the receipt that is there cannot be looked for", async () => {
    const copy = await copyIn("unlisted");
    await run(copy, undefined);
    await chmod(path("unlisted"), 0o333);
    const request = { allow: ["noReceipt"] as const };
    const again = await withoutRights(() => run(copy, undefined, { request }));
    expect(again.error?.code).to.equal("RESTORE_REFUSED");
    expect(again.error?.message).to.include("(guard receipt)").and.include(path("unlisted/consul-restore-"));
    expect(again.error?.hint).to.not.equal("");
    expect(restores()).to.equal(1);
  });
});
