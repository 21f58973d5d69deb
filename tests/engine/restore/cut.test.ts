import { expect } from "chai";
import { until } from "../../support/consul/consul";
import type { Fate } from "../../support/faults/consulProxy";
import { isAlive, providerPids, type PulumiProject } from "../../support/pulumi/project";
import { recorded, RestoreGround, TYPE } from "./ground";

describe("a restore that is cut off, in a real engine", function () {
  this.timeout(240_000);
  let ground: RestoreGround;
  before(async () => {
    ground = await RestoreGround.start();
  });
  after(() => ground.stop());
  beforeEach(function () {
    return ground.begin(this.currentTest?.title ?? "");
  });
  afterEach(() => ground.end());

  it("is recorded, and each update finds out how it ended, until that is known", async () => {
    const project = await ground.cutOff();
    const unsettled = await recorded(project);
    expect(unsettled).to.have.property("attempt").that.includes({ runId: ground.env.RUN });
    expect(unsettled).to.not.have.property("outcome");
    const reading = "how it ended is not known: the next update reads Consul, and restores nothing";
    expect(await project.preview()).to.include(reading);
    await project.refresh();
    expect(await project.preview(), "after a refresh").to.include(reading);
    expect(await project.upFails(), "as it was before").to.include("RESTORE_UNCONFIRMED");
    expect(await recorded(project)).to.have.property("attempt");

    await ground.restoreByHand();
    await project.up();
    expect(await recorded(project))
      .to.include({ outcome: "exact" })
      .and.to.not.have.property("attempt");
    expect(ground.restores()).to.equal(1);
    expect(await project.up()).to.include("2 unchanged");
  });

  it("is followed by another run, if that is wanted", async () => {
    const project = await ground.cutOff();
    await project.up({ RUN: `${ground.env.RUN}, once more` });
    expect(await ground.who()).to.equal("the archive");
    expect(await recorded(project)).to.include({ outcome: "exact", adopted: false });
    expect(ground.restores()).to.equal(2);
  });

  /** Kills the provider once the restore has come that far. */
  async function killedWhen(fate: Fate): Promise<PulumiProject> {
    const project = await ground.project();
    const arrived = ground.proxy.next(fate);
    const { child, output } = project.start(["up", "--yes", "--skip-preview"]);
    const ended = new Promise((done) => child.on("close", done));
    await Promise.race([arrived, ended]);
    const [provider] = providerPids(child);
    if (provider === undefined) throw new Error(`no provider process\n${output()}`);
    process.kill(provider, "SIGKILL");
    await ended;
    expect(await project.resources(TYPE), "what state knows").to.be.empty;
    return project;
  }

  it("because pulumi was killed, waits for the answer, and is not restored by the next update", async () => {
    const project = await ground.project();
    const arrived = ground.proxy.next("held in the middle");
    const { child, output } = project.start(["up", "--yes", "--skip-preview"]);
    await Promise.race([arrived, new Promise((done) => child.on("close", done))]);
    const [provider] = providerPids(child);
    if (provider === undefined) throw new Error(`no provider process\n${output()}`);
    const ended = new Promise((done) => child.on("close", done));
    child.kill("SIGKILL");
    await ended;
    expect(isAlive(provider), "what has begun ends when its answer is known").to.equal(true);
    ground.proxy.cutHeld();
    await until("the provider to end", () => Promise.resolve(isAlive(provider) ? undefined : true));
    await project.run(["cancel", "--yes"]);
    expect(await project.upFails()).to.include("RESTORE_UNCONFIRMED");
    expect(ground.restores()).to.equal(1);
    expect(await ground.who()).to.equal("the cluster");
  });

  it("because the provider was killed before Consul had all of it, is not restored by the next update", async () => {
    const project = await killedWhen("held in the middle");
    const text = await project.upFails();
    expect(text).to.include("RESTORE_UNCONFIRMED").and.include("as it was before");
    expect(ground.restores()).to.equal(1);
    expect(await ground.who()).to.equal("the cluster");
    expect(await recorded(project)).to.have.property("attempt");
  });

  it("because the provider was killed when Consul had all of it, is found done by the next update", async () => {
    const project = await killedWhen("held at its answer");
    await ground.writes("someone, after the restore");
    await project.up();
    await ground.expectNothingRestoredSince();
    expect(await recorded(project)).to.include({ outcome: "drift", adopted: true });
  });
});
