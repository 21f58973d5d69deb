import { mkdtemp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace, PulumiCommand, type Stack } from "@pulumi/pulumi/automation";
import { expect } from "chai";
import { SECRETS_PROVIDER, startSecretsProvider } from "../../support/pulumi/secretsProvider";
import { type SnapshotBeforeArgs, snapshotBefore, type SnapshotBeforeEvent } from "../../../sdk/index";
import { daysAgo, keepAt } from "../../support/archives/prunedArchives";
import { fileStore } from "../../../provider/store/file/store";
import { keyPair } from "../../support/archives/ageKeys";
import { type ConsulServer, inspect, startConsul } from "../../support/consul/consul";
import { PulumiProject } from "../../support/pulumi/project";

/** Something that is updated in place when its version changes, or replaced. */
class Upgraded extends pulumi.dynamic.Resource {
  constructor(version: string, replaces: readonly string[], opts: pulumi.CustomResourceOptions) {
    const provider: pulumi.dynamic.ResourceProvider = {
      create: (inputs: unknown) => Promise.resolve({ id: "x", outs: inputs }),
      diff: (_id, olds: { version: string }, news: { version: string }) =>
        Promise.resolve({ changes: olds.version !== news.version, replaces: [...replaces] }),
      update: (_id, _olds, news: unknown) => Promise.resolve({ outs: news }),
    };
    super(provider, "upgraded", { version }, opts);
  }
}

/** Something that cannot be made, and whose output others wait for. */
class Failing extends pulumi.dynamic.Resource {
  declare readonly folder: pulumi.Output<string>;
  constructor() {
    super({ create: () => Promise.reject(new Error("cannot be made")) }, "failing", { folder: undefined });
  }
}

interface Stored {
  readonly outputs?: { readonly version?: string };
}

describe("snapshotBefore", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let folder: string;
  let stack: Stack;
  let version = "1";
  let more: Partial<SnapshotBeforeArgs>;
  let fails = false;
  let events: SnapshotBeforeEvent[];
  let replaces: readonly string[] = [];
  let deleteBeforeReplace = false;
  let isDeclared = true;

  before(async () => {
    consul = await startConsul();
  });
  after(() => consul.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "pulumi-hook-"));
    for (const name of ["state", "home", "work"]) await mkdir(join(folder, name));
    const pulumiCommand = await PulumiCommand.get({ root: resolve(".tools"), skipVersionCheck: true });
    stack = await LocalWorkspace.createStack(
      {
        stackName: "dev",
        projectName: "backups",
        program: () => {
          if (fails) more = { target: new Failing().folder };
          const hooks = snapshotBefore(
            "pre-upgrade",
            { target: `${folder}/backups/{name}-{random}.snap`, ...more },
            events,
          );
          if (isDeclared) new Upgraded(version, replaces, { hooks, deleteBeforeReplace });
          return Promise.resolve();
        },
      },
      {
        pulumiCommand,
        workDir: join(folder, "work"),
        pulumiHome: join(folder, "home"),
        secretsProvider: SECRETS_PROVIDER,
        envVars: {
          PATH: `${resolve(".tools/bin")}:${resolve("node_modules/@pulumi/pulumi")}:${process.env.PATH ?? ""}`,
          PULUMI_BACKEND_URL: `file://${folder}/state`,
          ...(await startSecretsProvider()),
          PULUMI_SKIP_UPDATE_CHECK: "1",
        },
      },
    );
    await stack.setConfig("consul:address", { value: consul.address });
    version = "1";
    more = {};
    fails = false;
    events = ["update"];
    [replaces, deleteBeforeReplace, isDeclared] = [[], false, true];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function archives(): Promise<string[]> {
    const names = await readdir(join(folder, "backups")).catch(() => []);
    return names.filter((name) => /\.snap(\.age)?$/.test(name));
  }

  it("backs up when the resource is really about to be updated, and at no other time", async () => {
    await stack.up();
    await stack.up();
    version = "2";
    await stack.preview();
    expect(await archives()).to.be.empty;
    const { stdout } = await stack.up();
    expect(stdout).to.include("pre-upgrade: saved and verified before the update");
    const [name = "", ...others] = await archives();
    expect(name).to.match(/^pre-upgrade-/);
    expect(others).to.be.empty;
    await inspect(join(folder, "backups", name));
    await stack.destroy();
    expect(await archives()).to.have.lengthOf(1);
  });

  it("says once which series it may continue, for state does not know it", async () => {
    const former = "organization/backups/former/pre-upgrade";
    await mkdir(join(folder, "backups"));
    const place = join(folder, "backups", "pre-upgrade-0000.snap");
    await keepAt(fileStore(), place, { takenAt: daysAgo(1), index: 1, series: former });
    more = { retention: { keepLast: 3 } };
    await stack.up();
    version = "2";
    const hint = `retention does not remove the 1 archive of ${former} at the same place`;
    const first = await stack.up();
    expect(first.stdout)
      .to.include("this is the first archive of the series organization/backups/dev/pre-upgrade")
      .and.include(hint)
      .and.include(`set series: "${former}" to continue it`);
    version = "3";
    const second = await stack.up();
    expect(second.stdout).to.include("saved and verified before the update");
    expect(second.stdout).to.not.include(hint);
  });

  it("backs up before the resource is created, replaced and deleted, once for each, where its events say so", async () => {
    events = ["create", "update", "delete"];
    replaces = ["version"];
    // Pulumi shows what is said once on the row, and once in the end.
    const saved = (stdout: string): (string | undefined)[] => [
      ...new Set([...stdout.matchAll(/pre-upgrade: saved and verified before the (\w+)/g)].map(([, event]) => event)),
    ];
    const stored = async (): Promise<unknown[]> => {
      const { deployment } = (await stack.exportStack()) as { deployment: { resources?: Stored[] } };
      return (deployment.resources ?? []).flatMap(({ outputs }) => outputs?.version ?? []);
    };
    expect(saved((await stack.up()).stdout), "the first creation").to.deep.equal(["create"]);
    version = "2";
    expect(saved((await stack.up()).stdout), "a replacement").to.deep.equal(["create"]);
    [version, deleteBeforeReplace] = ["3", true];
    expect(saved((await stack.up()).stdout), "a replacement that deletes first").to.deep.equal(["delete"]);
    expect(await archives(), "one for each").to.have.lengthOf(3);

    isDeclared = false;
    more = { target: "ftp://nowhere/" };
    expect(await stack.up().then(String, String)).to.include("pre-upgrade: no backup, so no delete");
    expect(await stored(), "without a backup it stays").to.deep.equal(["3"]);
    more = {};
    expect(saved((await stack.up()).stdout), "it is gone from the program").to.deep.equal(["delete"]);
    expect(await stored()).to.deep.equal([]);
    expect(await archives()).to.have.lengthOf(4);

    isDeclared = true;
    await stack.up();
    // Pulumi alone decides this: it knows the hook's name, and no program that has the hook.
    await stack.destroy().then(
      () => expect.fail("it was destroyed"),
      () => undefined,
    );
    expect(await stored(), "without its program it stays").to.deep.equal(["3"]);
    expect(saved((await stack.destroy({ runProgram: true })).stdout)).to.deep.equal(["delete"]);
    expect(await archives()).to.have.lengthOf(6);
  });

  it("encrypts the backup where that is asked", async () => {
    more = { encryption: { recipients: [(await keyPair()).recipient] } };
    await stack.up();
    version = "2";
    await stack.up();
    const [name = ""] = await archives();
    expect(name).to.match(/\.snap\.age$/);
    expect((await readFile(join(folder, "backups", name))).toString("latin1")).to.match(/^age-encryption\.org\/v1\n/);
  });

  it("stops the update when the backup fails, in plain words", async () => {
    await stack.up();
    version = "2";
    await stack.setConfig("consul:address", { value: "127.0.0.1:1" });
    await stack.setConfig("consul:connectTimeout", { value: "1s" });
    const text = await stack.up().then(String, String);
    expect(text).to.include("pre-upgrade: no backup, so no update").and.include("CONSUL_UNREACHABLE");
    expect(await archives()).to.be.empty;
    const { deployment } = (await stack.exportStack()) as { deployment: { resources: { outputs?: object }[] } };
    expect(deployment.resources.some(({ outputs }) => outputs !== undefined && "version" in outputs)).to.be.true;
    expect(JSON.stringify(deployment.resources)).to.not.include('"version":"2"');
  });

  it("stops the update where the resource that an argument comes from failed, and does not wait for it", async () => {
    await stack.up();
    version = "2";
    fails = true;
    const text = await stack.up({ continueOnError: true }).then(String, String);
    expect(text)
      .to.include("cannot be made")
      .and.include("pre-upgrade: no backup, so no update: an argument is not known");
    expect(await archives()).to.be.empty;
    expect(JSON.stringify(await stack.exportStack())).to.not.include('"version":"2"');
  });

  it("says what to do instead where there are no hooks", async () => {
    // The tests' own language host is such a one: it does not pass hooks on to the engine.
    const project = await PulumiProject.create(`
const { snapshotBefore } = require("pulumi-consul-snapshot");
const provider = { create: async (inputs) => ({ id: "x", outs: inputs }) };
new pulumi.dynamic.Resource(provider, "minimal", {}, { hooks: snapshotBefore("b", { target: "./backups/" }) });
`);
    const text = await project.upFails();
    await project.remove();
    expect(text)
      .to.include(
        "snapshotBefore needs resource hooks, which the Pulumi language host for Node.js (pulumi-language-nodejs)",
      )
      .and.include("dependsOn")
      .and.include("triggers");
  });
});
