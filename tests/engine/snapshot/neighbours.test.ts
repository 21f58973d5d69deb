import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import { makeOld } from "../../support/archives/prunedArchives";
import { PulumiProject } from "../../support/pulumi/project";

const PROGRAM = `
new ConsulSnapshot("backup", { target: env.TARGET, triggers: [env.TRIGGER], retention: { keepLast: 1 } });
`;
const ROUNDS = ["1", "2", "3"];

describe("stacks and programs that keep their archives at one place", function () {
  this.timeout(300_000);
  let consul: ConsulServer;
  let folder: string;
  const projects: PulumiProject[] = [];
  before(async () => {
    [consul, folder] = await Promise.all([startConsul(), mkdtemp(join(tmpdir(), "shared-"))]);
    for (const name of ["shop", "rival"]) {
      const options = { name, config: { "consul:address": consul.address }, env: { TARGET: `${folder}/` } };
      projects.push(await PulumiProject.create(PROGRAM, options));
    }
  });
  after(async () => {
    for (const project of projects) await project.remove();
    await consul.stop();
    await rm(folder, { recursive: true });
  });

  async function ran(project: PulumiProject, command: string, trigger = ""): Promise<string> {
    const { code, text } = await project.run(command.split(" "), { TRIGGER: trigger });
    expect(code, text).to.equal(0);
    return text;
  }

  it("prune their own only, two stacks and two programs at once", async () => {
    const [shop, rival] = projects as [PulumiProject, PulumiProject];
    await ran(shop, "stack init prod");
    await ran(shop, `config set consul:address ${consul.address} --stack prod`);
    const runs = [
      [shop, "dev"],
      [shop, "prod"],
      [rival, "dev"],
    ] as const;
    await Promise.all(
      runs.map(async ([project, stack]) => {
        for (const round of ROUNDS) await ran(project, `up --yes --skip-preview --stack ${stack}`, round);
      }),
    );
    await makeOld(folder);
    const newest = await Promise.all(
      runs.map(async ([project, stack]) => {
        const text = await ran(project, `up --yes --skip-preview --stack ${stack}`, "last");
        expect(text).to.match(/retention: kept 1, removed 3/);
        return /kept (\S+): new/.exec(text)?.[1];
      }),
    );
    const there = (await readdir(folder)).filter((name) => name.endsWith(".snap")).map((name) => join(folder, name));
    expect(there).to.have.members(newest);
    expect(there).to.have.lengthOf(runs.length);
  });
});
