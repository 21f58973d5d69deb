import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { archiveOf, metaJson } from "../../fixtures/archive";
import { keyValue, stateOf } from "../../fixtures/state";
import { type Balancer, startBalancer } from "../../support/faults/balancer";
import { type FakeCluster, fakeCluster } from "../../support/faults/fakeCluster";
import { runHere } from "../../support/programs/commandLine";
import { temporaryFolder } from "../../support/programs/saving";

describe("diff at a terminal", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  beforeEach(async () => {
    folder = await temporaryFolder();
    const archive = archiveOf(stateOf([keyValue("app/a", "1")]));
    await writeFile(path("a.snap"), archive);
    await writeFile(path("cut.snap"), archive.subarray(0, -5));
  });
  afterEach(() => folder.remove());

  it("erases its progress before a failure and before a result", async () => {
    const failed = await runHere(["diff", path("a.snap"), path("cut.snap")], { isTerminal: true });
    expect(failed.code).to.equal(2);
    expect(failed.err).to.match(/reading .*cut\.snap\r\u001b\[2K[^\r]*\(ARCHIVE_TRUNCATED\)\n/);
    const done = await runHere(["diff", path("a.snap"), path("a.snap")], { isTerminal: true });
    expect(done.code).to.equal(0);
    expect(done.err).to.match(/reading .*a\.snap(\r\u001b\[2K)+$/);
  });

  describe("with the current state, through an address that leads to two clusters", () => {
    const ONE = { id: "75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11", address: "127.0.0.1:8300" };
    const OTHER = { id: "00000000-5b53-9d5e-0f7a-4f2a4a1f6d11", address: "127.0.0.2:8300" };
    function cluster(server: typeof ONE): Promise<FakeCluster> {
      const state = stateOf([keyValue("app/a", "1")]);
      const Servers = [{ Suffrage: 0, ID: server.id, Address: server.address }];
      return fakeCluster("1.14.11", server, archiveOf(state, metaJson(state.length, { Configuration: { Servers } })));
    }
    let one: FakeCluster;
    let other: FakeCluster;
    let balancer: Balancer;
    beforeEach(async () => {
      [one, other] = await Promise.all([cluster(ONE), cluster(OTHER)]);
      balancer = await startBalancer(() => one.address);
    });
    afterEach(() => Promise.all([one.stop(), other.stop(), balancer.stop()]));
    const diffLive = () => runHere(["diff", path("a.snap"), "live", "--http-addr", balancer.address]);

    it("compares where one cluster answers", async () => {
      expect(await diffLive()).to.include({ code: 0, out: "They are the same.\n" });
    });

    it("ends with the error of a restore where another one answers in between", async () => {
      for (const choose of [
        (connection: number) => (connection === 0 ? one : other),
        (connection: number) => (connection === 0 ? other : one),
      ]) {
        let first: number | undefined;
        balancer.lead((at) => choose(at - (first ??= at)).address, true);
        const { code, out, err } = await diffLive();
        expect({ code, out }).to.deep.equal({ code: 2, out: "" });
        expect(err).to.include(`nothing was compared: another cluster answers at http://${balancer.address}`);
        expect(err).to.include("(guard cluster) (RESTORE_REFUSED)\nThe address leads to more than one cluster");
      }
    });
  });
});
