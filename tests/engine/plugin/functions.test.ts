import { expect } from "chai";
import { FUNCTIONS } from "../../../provider/functions/functions";
import { type ConsulServer, startConsul } from "../../support/consul/consul";
import { command } from "../../support/programs/command";
import { PulumiProject, type YamlProgram } from "../../support/pulumi/project";
import { misfits } from "../../support/pulumi/outputShape";

const type = "consul-snapshot:index:ConsulSnapshot";
const TOKEN = "a-token-that-nobody-sees-52c1";
const RUN = "plan of a test";

interface Guard {
  readonly name: string;
  readonly ok: boolean;
}

interface Plan extends Readonly<Record<string, unknown>> {
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly guards: readonly Guard[];
}

function invoke(name: string, args: object): object {
  return { "fn::invoke": { function: `consul-snapshot:index:${name}`, arguments: args } };
}

/**
 * A snapshot, and every function that reads it.
 *
 * @param planned - more arguments of `planRestore`
 */
function program(planned: object): YamlProgram {
  const source = "${backup.location}";
  // Not in the program, whose lines YAML prints beside an error.
  const connection = { token: "${token}" };
  return () => ({
    config: { token: { type: "string", secret: true } },
    resources: { backup: { type, properties: { target: "./backups/" } } },
    variables: {
      inspected: invoke("inspectArchive", { source, inspect: { kvDepth: 1 } }),
      verified: invoke("verifyArchive", { source, consulVersion: "1.14.0" }),
      plan: invoke("planRestore", { source, connection, runId: RUN, ...planned }),
    },
    outputs: { inspected: "${inspected}", verified: "${verified}", plan: "${plan}" },
  });
}

describe("the plugin's functions, called by a program in YAML", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let project: PulumiProject;
  before(async () => {
    consul = await startConsul();
    const config = { "consul-snapshot:address": consul.address, "backups:token": TOKEN };
    project = await PulumiProject.yaml(program({ safetySnapshot: { target: "./before/" } }), { config });
  });
  after(async () => {
    await project.remove();
    await consul.stop();
  });

  async function outputs(): Promise<Readonly<Record<"inspected" | "verified" | "plan", unknown>>> {
    const { code, text } = await project.run(["stack", "output", "--json", "--show-secrets"]);
    expect(code, text).to.equal(0);
    return JSON.parse(text) as Readonly<Record<"inspected" | "verified" | "plan", unknown>>;
  }

  it("wait in a preview for what is not known, then return what the commands print", async () => {
    const text = [await project.preview(), await project.up()];
    const { inspected, verified, plan } = await outputs();
    expect(misfits(FUNCTIONS.inspectArchive.outputs, inspected)).to.deep.equal([]);
    expect(misfits(FUNCTIONS.verifyArchive.outputs, verified)).to.deep.equal([]);
    expect(misfits(FUNCTIONS.planRestore.outputs, plan)).to.deep.equal([]);
    const { location, sha256 } = await project.outputs();
    expect(inspected).to.include({ location, sha256 });
    expect(verified).to.deep.include({ ok: true, manifest: "matches", source: location });

    const options = ["--safety-snapshot", project.path("before/"), "--http-addr", consul.address, "--run-id", RUN];
    const printed = await command(["restore", String(location), "--plan", "--format", "json", ...options]);
    expect(printed.code, printed.err).to.equal(0);
    expect(comparable(plan as Plan)).to.deep.equal(comparable(JSON.parse(printed.out) as Plan));
    expect(text.join("\n")).to.not.include(TOKEN);
    expect(await project.archives()).to.have.lengthOf(1);
  });

  it("return a refusal as data, and refuse a wrong input in one sentence", async () => {
    project.yamlProgram(program({ safetySnapshot: false, sha256: "0".repeat(64) }));
    await project.up();
    const { plan } = await outputs();
    expect(misfits(FUNCTIONS.planRestore.outputs, plan)).to.deep.equal([]);
    expect(plan).to.include({ wouldRestore: false });
    expect(plan).to.have.nested.property("refusal.code", "RESTORE_REFUSED");
    expect(plan).to.have.nested.property("refusal.details.guards[0].name");

    project.yamlProgram(program({ safetySnapshot: { target: "./before.snap" } }));
    const failed = await project.upFails();
    expect(failed).to.include("safetySnapshot: target").and.include("Correct the inputs of planRestore.");
    expect(failed)
      .to.not.include(TOKEN)
      .and.not.match(/\n\s+at /);
  });

  it("pulumi do lists a place, reads an archive, takes a snapshot without state, and calls a function", async () => {
    const { location } = await project.outputs();
    const listed = await project.run(["do", type, "list", "--target", "./backups/"]);
    expect(listed.code, listed.text).to.equal(0);
    const [archive, ...others] = JSON.parse(listed.text) as { readonly id: string; readonly name: string }[];
    expect(others).to.be.empty;
    expect(archive?.id).to.equal(location);
    expect(archive?.name).to.match(/index \d+, .*, backup, restorable, series organization\/backups\/dev\/backup$/);
    const wrong = await project.run(["do", type, "list", "--target", "s4://bucket/"]);
    expect(wrong.code).to.not.equal(0);
    expect(wrong.text).to.include("unknown scheme").and.include("(ARGUMENT_INVALID)");
    const read = await project.run(["do", type, "read", String(location)]);
    expect(read.code, read.text).to.equal(0);
    expect(read.text).to.include(String((await project.outputs()).sha256));
    const create = ["do", type, "create", "--stateless", "--yes", "--target", "./by-hand/"];
    const created = await project.run([...create, "--consul-snapshot:address", consul.address]);
    expect(created.code, created.text).to.equal(0);
    expect(await project.archives("by-hand")).to.have.lengthOf(1);
    expect(await project.resources()).to.have.lengthOf(1);
    const called = await project.run(["do", "consul-snapshot:index:listArchives", "--target", "./backups/"]);
    expect(called.code, called.text).to.equal(0);
    expect(JSON.parse(called.text)).to.have.nested.property("archives[0].location", location);
  });
});

/** What does not change between two plans of one cluster: its index grows, and guards mention it. */
function comparable({ cluster, guards, ...plan }: Plan): object {
  return {
    ...plan,
    cluster: { ...cluster, index: 0, contents: [] },
    guards: guards.map(({ name, ok }) => ({ name, ok })),
  };
}
