/** A throwaway Pulumi project with a real engine, a local backend and this package as its only dependency. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cp, mkdtemp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { expect } from "chai";
import manifest from "../../../package.json";
import { copyEmptyStack, STACK } from "./emptyStack";
import { startSecretsProvider } from "./secretsProvider";

const ROOT = resolve(".");
const PROJECT = "backups";
const PLUGIN = "pulumi-resource-consul-snapshot";
const INSTALLED = "node_modules/pulumi-consul-snapshot";
const QUICK_START = `--require ${join(ROOT, "tests/support/pulumi/quickStart.cjs")}`;
const ORDINARY_START = `--require ${join(ROOT, "tests/support/pulumi/javascriptProgram.cjs")}`;

export interface Ran {
  readonly code: number | null;
  /** Standard output and error, as they came. */
  readonly text: string;
}

export interface ProjectOptions {
  /** Stack configuration, by full key. */
  readonly config?: Readonly<Record<string, string>>;
  /** More environment for `pulumi`; it has none of the tester's own `CONSUL_*`. */
  readonly env?: Readonly<Record<string, string>>;
  /** The project's name. Default: `backups`; a copied program's is given apart. */
  readonly name?: string;
  /** An archive of the plugin, a single executable, for a program in YAML. Default: the plugin of this repository. */
  readonly plugin?: string;
  /** Whether its processes load Pulumi's SDK as they do for a user: tests load less of it. Default: no */
  readonly ordinaryStart?: boolean;
}

/** A program in YAML, written anew for each command: such a program does not see the environment. */
export type YamlProgram = (env: NodeJS.ProcessEnv) => Readonly<Record<string, unknown>>;

const DYNAMIC = "pulumi-nodejs:dynamic/consul:ConsulSnapshot";
/** The resource as the plugin serves it. */
export const PLUGIN_TYPE = "consul-snapshot:index:ConsulSnapshot";

interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly external?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export class PulumiProject {
  #yaml: YamlProgram | undefined;
  /** The type of its resources. */
  #type = DYNAMIC;
  #start: string;

  private constructor(
    readonly dir: string,
    readonly env: Readonly<Record<string, string>>,
    private readonly name: string,
    isOrdinary: boolean,
  ) {
    this.#start = isOrdinary ? ORDINARY_START : QUICK_START;
  }

  /** @param program - the body of a plain JavaScript program; `pulumi`, `env` and this package's classes are there */
  static async create(program: string, options: ProjectOptions = {}): Promise<PulumiProject> {
    const { name = PROJECT, env } = options;
    const project = await PulumiProject.prepare(name, { ...options, env: { TEST_JAVASCRIPT_PROGRAM: "yes", ...env } });
    await mkdir(project.path("node_modules"));
    await symlink(join(ROOT, "node_modules/@pulumi"), project.path("node_modules/@pulumi"));
    // Only what is published, as in a program: for its plugins, Pulumi reads every folder below `node_modules`.
    await mkdir(project.path(INSTALLED));
    for (const part of ["package.json", "dist"]) await symlink(join(ROOT, part), project.path(INSTALLED, part));
    await writeFile(
      project.path("Pulumi.yaml"),
      `name: ${name}\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n`,
    );
    await writeFile(project.path("package.json"), JSON.stringify({ name, main: "index.js" }));
    await project.program(program);
    await project.init(options);
    return project;
  }

  /** @param program - its `resources`, `outputs` and so on; they are served by the plugin of this repository */
  static async yaml(program: YamlProgram, options: ProjectOptions = {}): Promise<PulumiProject> {
    const project = await PulumiProject.prepare(options.name ?? PROJECT, options);
    project.yamlProgram(program);
    await project.installPlugin(options.plugin);
    await project.init(options);
    return project;
  }

  /**
   * A program as it lies in the repository, which is served by the plugin; without the packages that it needs.
   *
   * @param folder - of the program, from the repository's root
   * @param name - the project's, as its Pulumi.yaml says
   */
  static async withPlugin(folder: string, name: string, options: ProjectOptions = {}): Promise<PulumiProject> {
    const project = await PulumiProject.prepare(name, options);
    await cp(join(ROOT, folder), project.dir, { recursive: true });
    await project.installPlugin(options.plugin);
    await project.init(options);
    return project;
  }

  /**
   * A program as it lies in the repository, with what the repository has installed.
   *
   * @param folder - of the program, from the repository's root
   * @param name - the project's, as its Pulumi.yaml says
   * @param files - what to take of the folder. Default: all of it
   */
  static async copy(folder: string, name: string, options: ProjectOptions = {}, files = ["."]): Promise<PulumiProject> {
    const project = await PulumiProject.prepare(name, options);
    for (const file of files) await cp(join(ROOT, folder, file), project.path(file), { recursive: true });
    await symlink(join(ROOT, "node_modules"), project.path("node_modules"));
    await project.init(options);
    return project;
  }

  private static async prepare(name: string, options: ProjectOptions): Promise<PulumiProject> {
    const dir = await mkdtemp(join(tmpdir(), "pulumi-test-"));
    const inherited = Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !/^(CONSUL|PULUMI|CI$|GITHUB)/.test(entry[0]),
    );
    const env = {
      ...Object.fromEntries(inherited),
      PATH: [join(ROOT, ".tools/bin"), join(ROOT, "node_modules/@pulumi/pulumi"), process.env.PATH ?? ""].join(
        delimiter,
      ),
      PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
      PULUMI_HOME: join(dir, "home"),
      ...(await startSecretsProvider()),
      // For stacks that programs make by the Automation API.
      PULUMI_CONFIG_PASSPHRASE: "throwaway",
      PULUMI_STACK: STACK,
      PULUMI_SKIP_UPDATE_CHECK: "1",
      // A test of docs/ compiles the examples.
      PULUMI_NODEJS_TRANSPILE_ONLY: "true",
      TMPDIR: join(dir, "tmp"),
      ...options.env,
    };
    for (const folder of ["state", "home", "tmp"]) await mkdir(join(dir, folder));
    return new PulumiProject(dir, env, name, options.ordinaryStart === true);
  }

  /** @param plugin - as `ProjectOptions` has it */
  private async installPlugin(plugin: string | undefined): Promise<void> {
    this.#type = PLUGIN_TYPE;
    const { version } = manifest;
    if (plugin !== undefined) {
      // It is no program of Node.js that could be started more quickly.
      this.#start = "";
      await this.succeeds(["plugin", "install", "resource", "consul-snapshot", version, "--file", plugin]);
      return;
    }
    const folder = this.path(`home/plugins/resource-consul-snapshot-v${version}`);
    await mkdir(folder, { recursive: true });
    await symlink(join(ROOT, "bin", PLUGIN), join(folder, PLUGIN));
  }

  private async init({ config = {} }: ProjectOptions): Promise<void> {
    const [secret, plain] = [/:token$/, /:(?!token$)[^:]+$/].map((kind) =>
      Object.entries(config).filter(([key]) => kind.test(key)),
    );
    await copyEmptyStack(this.name, this.dir, Object.fromEntries(plain ?? []));
    for (const [key, value] of secret ?? []) await this.succeeds(["config", "set", "--secret", key, value]);
  }

  /** Replaces the program. */
  async program(body: string): Promise<void> {
    const text = `const pulumi = require("@pulumi/pulumi");
const { ConsulSnapshot, ConsulSnapshotRestore } = require("pulumi-consul-snapshot");
const env = process.env;
${body}
`;
    await writeFile(join(this.dir, "index.js"), text);
  }

  /** Replaces the program of a project that is in YAML. */
  yamlProgram(program: YamlProgram): void {
    this.#yaml = program;
  }

  up(env?: Readonly<Record<string, string>>): Promise<string> {
    return this.succeeds(["up", "--yes", "--skip-preview"], env);
  }

  preview(env?: Readonly<Record<string, string>>): Promise<string> {
    return this.succeeds(["preview"], env);
  }

  refresh(env?: Readonly<Record<string, string>>): Promise<string> {
    return this.succeeds(["refresh", "--yes", "--skip-preview"], env);
  }

  destroy(env?: Readonly<Record<string, string>>): Promise<string> {
    return this.succeeds(["destroy", "--yes", "--skip-preview"], env);
  }

  /** An `up` that is meant to fail; its output. */
  async upFails(env?: Readonly<Record<string, string>>): Promise<string> {
    const { code, text } = await this.run(["up", "--yes", "--skip-preview"], env);
    expect(code, text).to.not.equal(0);
    return text;
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const { child, output } = this.start(args, env);
    return new Promise((done, failed) => {
      child.on("error", failed);
      child.on("close", (code) => done({ code, text: output() }));
    });
  }

  /** Starts a command in a process group of its own, for tests that kill it. */
  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): { child: ChildProcess; output: () => string } {
    if (this.#yaml !== undefined) {
      const program = { name: this.name, runtime: "yaml", ...this.#yaml({ ...this.env, ...env }) };
      // JSON is YAML.
      writeFileSync(this.path("Pulumi.yaml"), JSON.stringify(program, undefined, 2));
    }
    const child = spawn(join(ROOT, ".tools/bin/pulumi"), [...args, "--non-interactive", "--color", "never"], {
      cwd: this.dir,
      env: this.environment(env),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    return { child, output: () => text };
  }

  /** What a process that runs Pulumi in this project finds in its environment, and `more`. */
  environment(more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
    return { ...this.env, ...more, NODE_OPTIONS: [this.#start, more.NODE_OPTIONS ?? ""].join(" ") };
  }

  /** The resources of a type as the state file holds them. */
  async resources(type = this.#type): Promise<StateResource[]> {
    const state = JSON.parse(await readFile(this.stateFile(), "utf8")) as {
      checkpoint: { latest: { resources?: StateResource[] } };
    };
    return (state.checkpoint.latest.resources ?? []).filter((resource) => resource.type === type);
  }

  /** The outputs of the one ConsulSnapshot of the program. */
  async outputs(): Promise<Readonly<Record<string, unknown>>> {
    const [resource, ...others] = await this.resources();
    expect(others, "more than one ConsulSnapshot").to.be.empty;
    expect(resource, "no ConsulSnapshot in state").to.exist;
    return resource?.outputs ?? {};
  }

  /** The names of the archives in a folder of the project, in order. */
  async archives(folder = "backups"): Promise<string[]> {
    return (await readdir(this.path(folder))).filter((name) => name.endsWith(".snap")).sort();
  }

  stateFile(): string {
    return join(this.dir, "state/.pulumi/stacks", this.name, `${STACK}.json`);
  }

  path(...parts: string[]): string {
    return join(this.dir, ...parts);
  }

  remove(): Promise<void> {
    return rm(this.dir, { recursive: true, force: true });
  }

  private async succeeds(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string> {
    const { code, text } = await this.run(args, env);
    expect(code, text).to.equal(0);
    return text;
  }
}

/** The processes that host dynamic providers below a running `pulumi`, or a program that runs one. */
export function providerPids(program: ChildProcess): number[] {
  return pidsBelow(program, /^node .*dynamic-provider/);
}

/** The processes below another whose command line matches. */
export function pidsBelow(program: ChildProcess, command: RegExp): number[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  const processes = rows.flatMap((row) => {
    const [, pid, parent, args = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), args }];
  });
  const below = (pid: number): typeof processes =>
    processes.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...below(child.pid)]);
  return below(program.pid ?? -1)
    .filter(({ args }) => command.test(args))
    .map(({ pid }) => pid);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
