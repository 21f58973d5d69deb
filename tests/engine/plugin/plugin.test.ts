import { once } from "node:events";
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { parse } from "yaml";
import { type ConsulServer, startConsul, until } from "../../support/consul/consul";
import { heldConsul, realArchive } from "../../support/faults/heldConsul";
import { listenOnLoopback } from "../../support/faults/listening";
import { CLOUD_SDKS, recordLoadedModules, SAVING } from "../../support/pulumi/loadedModules";
import { isAlive, pidsBelow, PLUGIN_TYPE as type, PulumiProject, type YamlProgram } from "../../support/pulumi/project";

/** One ConsulSnapshot, with these arguments and options. */
function backup(properties: object, options: object = {}): YamlProgram {
  return () => ({
    resources: { backup: { type, properties: { target: "./backups/", ...properties }, options } },
    outputs: { location: "${backup.location}" },
  });
}

describe("the plugin, with a program in YAML", function () {
  this.timeout(180_000);
  let consul: ConsulServer;
  const projects: PulumiProject[] = [];
  before(async () => {
    consul = await startConsul();
  });
  after(() => consul.stop());
  afterEach(() => Promise.all(projects.splice(0).map((project) => project.remove())));

  async function create(program: YamlProgram, env: Readonly<Record<string, string>> = {}): Promise<PulumiProject> {
    const project = await PulumiProject.yaml(program, { config: { "consul-snapshot:address": consul.address }, env });
    projects.push(project);
    return project;
  }

  async function filesIn(project: PulumiProject): Promise<string[]> {
    return readdir(project.path("backups")).catch(() => []);
  }

  it("shows what changed, its old and its new value, and why; nothing else", async () => {
    const project = await create(backup({ triggers: ["1.18.0"] }));
    expect(await project.up()).to.match(/index:ConsulSnapshot backup .*verified and saved in/);
    project.yamlProgram(backup({ triggers: ["1.19.0"] }));
    const { code, text } = await project.run(["preview", "--diff"]);
    expect(code, text).to.equal(0);
    expect(text).to.include('      ~ triggers: [\n          ~ [0]: "1.18.0" => "1.19.0"\n        ]\nResources:');
    expect(text).to.include("backup: a new snapshot will be taken: trigger 0 changed");
    expect(text.split("\n").filter((line) => /^\s*[-+~] \w+:/.test(line))).to.have.lengthOf(1);
  });

  it("notices in a plain preview that the archive is gone, and only warns when its place cannot be seen", async () => {
    const project = await create(backup({}));
    await project.up();
    const { location } = await project.outputs();
    await rename(project.path("backups"), project.path("elsewhere"));
    expect(await project.preview())
      .to.include("cannot be seen from here")
      .and.include("2 unchanged");
    await rename(project.path("elsewhere"), project.path("backups"));
    await rm(String(location));
    expect(await project.preview())
      .to.include(`the archive ${String(location)} is gone`)
      .and.include("1 to create");
  });

  it("reports a misspelled argument with its line, and a wrong value in one sentence", async () => {
    const project = await create(backup({ maxAgee: "20h" }));
    const typo = await project.upFails();
    expect(typo)
      .to.match(/Property maxAgee does not exist/)
      .and.match(/on Pulumi\.yaml line \d+/);
    project.yamlProgram(backup({ maxAge: "soon", connection: { token: "a-token-that-nobody-sees" } }));
    const wrong = await project.upFails();
    expect(wrong).to.include("has a problem: maxAge");
    expect(wrong)
      .to.not.include("a-token-that-nobody-sees")
      .and.not.match(/\n\s+at /);
  });

  it("customTimeouts limits a create, and Ctrl-C ends it; neither leaves anything", async () => {
    // It accepts connections, and never answers.
    const silent = createServer((socket) => void socket.on("error", () => undefined));
    const listening = await listenOnLoopback(silent);
    const connected = once(silent, "connection");
    const connection = { address: listening.address };
    const project = await create(backup({ connection }, { customTimeouts: { create: "1s" } }));
    const late = await project.upFails();
    expect(late).to.include("the create took longer than customTimeouts.create allows, 1 s").and.include("INTERRUPTED");
    await connected;

    project.yamlProgram(backup({ connection }));
    const again = once(silent, "connection");
    const { child, output } = project.start(["up", "--yes", "--skip-preview"]);
    const ended = once(child, "close");
    await again;
    child.kill("SIGINT");
    await ended;
    expect(output()).to.include("INTERRUPTED");
    expect(await filesIn(project)).to.deep.equal([]);
    expect(await project.resources()).to.deep.equal([]);
    await listening.stop();
  });

  it("a killed pulumi ends a save; it leaves nothing, and the next up works once the lock is lifted", async () => {
    const held = await heldConsul(await realArchive());
    const project = await create(backup({ connection: { address: held.address } }));
    const { child, output } = project.start(["up", "--yes", "--skip-preview"]);
    await until("the save to be under way", async () => {
      if (child.exitCode !== null) throw new Error(output());
      return (await filesIn(project)).some((name) => name.endsWith(".partial")) ? true : undefined;
    });
    const [plugin = -1] = pidsBelow(child, /pulumi-resource-consul-snapshot/);
    expect(isAlive(plugin)).to.equal(true);
    child.kill("SIGKILL");
    await until("the plugin to end", () => Promise.resolve(isAlive(plugin) ? undefined : true));
    expect(await filesIn(project)).to.be.empty;
    await project.run(["cancel", "--yes"]);
    await project.up();
    expect(await project.archives()).to.have.lengthOf(1);
    await held.stop();
  });

  it("takes a cluster's address from the environment; another's, and the organization, from an explicit provider", async () => {
    const west = await startConsul({ datacenter: "west" });
    const project = await PulumiProject.yaml(
      () => ({
        resources: {
          west: {
            type: "pulumi:providers:consul-snapshot",
            properties: { address: west.address, organization: "acme" },
          },
          here: { type, properties: { target: "./backups/" } },
          there: { type, properties: { target: "./backups/" }, options: { provider: "${west}" } },
        },
      }),
      { env: { CONSUL_HTTP_ADDR: consul.address } },
    );
    projects.push(project);
    await project.up();
    const found = await Promise.all(
      (await project.resources()).map(async ({ outputs: { datacenter, location } = {} }) => {
        const manifest = await readFile(`${String(location)}.manifest.json`, "utf8");
        return [datacenter, (JSON.parse(manifest) as { readonly series: string }).series];
      }),
    );
    expect(Object.fromEntries(found)).to.deep.equal({
      dc1: "organization/backups/dev/here",
      west: "acme/backups/dev/there",
    });
    await west.stop();
  });

  it("a save to a path loads no cloud's library, and an update in which nothing changes no HTTP client nor reader", async () => {
    const project = await create(backup({}));
    const loaded = await recordLoadedModules(project, /pulumi-resource-consul-snapshot/);
    const heavy = async (): Promise<string[]> => {
      await project.up(loaded.env);
      const paths = await loaded.read();
      expect(paths.some((path) => path.endsWith("hosts/plugin/main.js"))).to.equal(true);
      return paths.filter((path) => CLOUD_SDKS.test(path) || SAVING.test(path));
    };
    const saving = await heavy();
    expect(saving, "a save").to.not.be.empty;
    expect(saving.filter((path) => CLOUD_SDKS.test(path))).to.be.empty;
    expect(await heavy(), "no change").to.be.empty;
  });

  it("a replacement that the operator asks for deletes no archive before the new one is saved", async () => {
    const options = { deleteBeforeReplace: true };
    const project = await create(backup({ deletionPolicy: "delete" }, options));
    await project.up();
    const kept = await project.archives();
    const [resource] = await project.resources();
    // The server speaks HTTP alone, so the new snapshot fails at once.
    project.yamlProgram(backup({ deletionPolicy: "delete", connection: { scheme: "https" } }, options));
    const { code, text } = await project.run(["up", "--yes", "--skip-preview", "--replace", resource?.urn ?? ""]);
    expect(code, text).to.not.equal(0);
    expect(text).to.include("the archive stays, because Pulumi deletes this resource before the new snapshot is saved");
    expect(await project.archives()).to.deep.equal(kept);
  });

  it("adopts an archive by import; a dynamic resource's continues its series", async () => {
    const config = { "consul:address": consul.address };
    const dynamic = await PulumiProject.create('new ConsulSnapshot("backup", { target: "./backups/" });', { config });
    projects.push(dynamic);
    await dynamic.up();
    const { location } = await dynamic.outputs();

    const project = await create(backup({}));
    await rename(dynamic.path("backups"), project.path("backups"));
    const [name = ""] = await project.archives();
    expect(String(location)).to.include(name);
    const { code, text } = await project.run([
      "import",
      type,
      "backup",
      `./backups/${name}`,
      "--yes",
      "--protect=false",
    ]);
    expect(code, text).to.equal(0);
    expect(text).to.include("target: ./backups/").and.not.include("series:");
    expect((await project.outputs()).location).to.equal(project.path("backups", name));
    expect(await project.preview()).to.not.match(/to (create|replace|update)|error/);

    project.yamlProgram(backup({ retention: { keepLast: 1 }, triggers: ["new"] }));
    await project.up();
    // Retention spares what is younger than ten minutes: that it counts both shows that they are of one series.
    expect(await project.archives())
      .to.have.lengthOf(2)
      .and.include(name);
    expect(await project.outputs()).to.include({ kept: 2, removed: 0 });

    const other = await create(backup({}));
    const [kept = ""] = await project.archives();
    await rename(project.path("backups"), other.path("backups"));
    const renamed = await other.run(["import", type, "another", `./backups/${kept}`, "--yes"]);
    expect(renamed.text).to.include("series: organization/backups/dev/backup");

    // Without a manifest, and by its URL.
    const url = pathToFileURL(other.path("backups", kept)).href;
    await rm(other.path("backups", `${kept}.manifest.json`));
    const unlisted = await other.run(["import", type, "unlisted", url, "--yes"]);
    expect(unlisted.code, unlisted.text).to.equal(0);
    expect(unlisted.text)
      .to.include(`target: ${pathToFileURL(other.path("backups/")).href}`)
      .and.not.include("series:");
    const adopted = (await other.resources()).find(({ urn }) => urn.endsWith("::unlisted"));
    expect(adopted?.outputs).to.include({ location: other.path("backups", kept) });
  });

  it("runs the example, with the address in the program's own configuration", async () => {
    const example = parse(await readFile("examples/yaml/Pulumi.yaml", "utf8")) as Readonly<Record<string, unknown>>;
    const config = { ...(example.config as object), "consul-snapshot:address": consul.address };
    const project = await PulumiProject.yaml(() => ({ ...example, name: "backups", config }));
    projects.push(project);
    await project.up();
    expect(await project.archives()).to.have.lengthOf(1);
    expect(await project.up()).to.include("2 unchanged");
  });

  it("looks an archive up, and refuses a secret that state would store in plain text", async () => {
    const project = await create(backup({}));
    await project.up();
    const { location: id } = await project.outputs();
    const secret = "a-token-that-nobody-sees-27d1";
    const found =
      (token: unknown): YamlProgram =>
      () => ({ resources: { found: { type, get: { id, state: { connection: { token } } } } } });
    const other = await create(found(secret));
    const refused = await other.upFails();
    expect(refused).to.include("connection.token would be stored in state in plain text");
    other.yamlProgram(found({ "fn::secret": secret }));
    const works = await other.up();
    expect((await other.outputs()).location).to.equal(id);
    const state = await readFile(other.stateFile(), "utf8");
    for (const text of [refused, works, state]) expect(text).to.not.include(secret);
  });

  it("shows no secret: not in state, output or manifest", async () => {
    const secrets = {
      token: "a-token-of-consul-4f1d",
      trigger: "a-trigger-that-is-secret-8f1c",
      header: "a-header-of-a-proxy-77b0",
      "the provider's password": "a-password-of-a-proxy-5d2e",
      access: "pul-0123456789abcdef-access",
    };
    const env = { PULUMI_ACCESS_TOKEN: secrets.access };
    const connection = { token: secrets.token, headers: [{ name: "X-Proxy", value: secrets.header }] };
    const program =
      (trigger: string, more: object = {}): YamlProgram =>
      () => {
        const httpAuth = `user:${secrets["the provider's password"]}`;
        const properties = { target: "./backups/", triggers: [{ "fn::secret": trigger }], connection, ...more };
        return {
          resources: {
            cluster: { type: "pulumi:providers:consul-snapshot", properties: { address: consul.address, httpAuth } },
            backup: { type, properties, options: { provider: "${cluster}" } },
          },
        };
      };
    const project = await create(program(secrets.trigger), env);
    const text = [await project.up()];
    project.yamlProgram(program(`${secrets.trigger}-2`));
    for (const form of ["--diff", "--json"]) text.push((await project.run(["preview", form])).text);
    project.yamlProgram(program(`${secrets.trigger}-2`, { connection: { "fn::secret": connection } }));
    text.push(await project.up(), await project.refresh());
    const keyPem = `x${secrets.token}`;
    project.yamlProgram(program(secrets.trigger, { connection: { ...connection, certFile: "y", keyPem } }));
    text.push(await project.upFails());
    expect(text.join("\n")).to.include("~ triggers");
    const entries = await readdir(project.dir, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && !/^Pulumi\.yaml$|\.snap$/.test(entry.name));
    expect(files.map((file) => file.name)).to.include("dev.json");
    for (const [name, secret] of Object.entries(secrets)) {
      expect(text.join("\n").includes(secret), `${name} in the output`).to.equal(false);
      for (const file of files) {
        const path = join(file.parentPath, file.name);
        expect((await readFile(path)).includes(secret), `${name} in ${path}`).to.equal(false);
      }
    }
  });
});
