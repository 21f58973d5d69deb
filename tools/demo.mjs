// npm run demo: backs up a real, throwaway Consul with the quickstart, from nothing but Node and Go. It needs no
// Pulumi account, touches no stack of yours, and leaves nothing behind.
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { compile } from "./lib/compile.mjs";
import { configureConsul, startConsul } from "./lib/consul.mjs";
import { Failure } from "./lib/failure.mjs";
import { findPrograms } from "./lib/find.mjs";
import { buildTools } from "./lib/go.mjs";
import { install } from "./lib/install.mjs";
import { killLeftovers } from "./lib/leftovers.mjs";
import { root } from "./lib/paths.mjs";
import { atExit, main, run, temporaryFolder } from "./lib/processes.mjs";
import { say, style } from "./lib/say.mjs";

/** An interrupted Pulumi finishes what it is doing: it has this long, in ms. */
const PATIENT = /** @type {const} */ ({ stopSignal: "SIGINT", graceMs: 15_000 });

await main(async () => {
  await install();
  await compile();
  const programs = findPrograms();
  await buildTools(programs.missing);

  const folder = temporaryFolder("consul-demo-");
  atExit(() => killLeftovers(folder));
  const project = makeProject(folder);
  const configuration = await configureConsul(programs.consul, folder);
  const env = environment(folder, programs, configuration.address);

  title("A throwaway Consul");
  say(command(["consul", "agent", "-config-file", configuration.file, "&"]));
  await startConsul(programs.consul, folder, configuration);
  say(command(["export", `CONSUL_HTTP_ADDR=${configuration.address}`]));
  const consul = (/** @type {string[]} */ ...args) => show("consul", programs.consul, args, { cwd: project, env });
  await consul("kv", "put", "shop/greeting", "hello");
  await consul("kv", "put", "shop/database/password", "dummy-not-a-secret");

  title("The quickstart, in a project of its own with its state in a folder");
  say(command(["cd", project]));
  say(readFileSync(join(project, "index.ts"), "utf8").trimEnd().replaceAll(/^/gm, "    "));
  for (const name of ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE"]) {
    say(command(["export", `${name}=${env[name]}`]));
  }
  const pulumi = (/** @type {string[]} */ ...args) => show("pulumi", programs.pulumi, args, { cwd: project, env });
  await pulumi("stack", "init", "demo");
  await pulumi("up", "--yes", "--skip-preview");

  title("What Pulumi says, beside what Consul says of the same file");
  const outputs = JSON.parse(await pulumi("stack", "output", "--json"));
  const inspected = await consul("snapshot", "inspect", outputs.location);
  compare(outputs, inspected);

  title("The next upgrade: a trigger changes, and the preview shows a new snapshot");
  await pulumi("config", "set", "consulVersion", "1.18.1");
  await pulumi("preview");

  say(`\n${style("green", "✓")} Done. Consul is ended and ${folder} removed, with all that was in it.`);
});

/**
 * A copy of the quickstart, as a user would make one.
 * @param {string} folder
 */
function makeProject(folder) {
  const project = join(folder, "project");
  cpSync(join(root, "examples", "quickstart"), project, {
    recursive: true,
    filter: (path) => basename(path) !== "node_modules",
  });
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"), "dir");
  mkdirSync(join(folder, "state"));
  return project;
}

/**
 * An environment that knows neither your Pulumi login nor your Consul.
 * @param {string} folder
 * @param {{ pulumi: string, host: string }} programs
 * @param {string} address
 * @returns {Record<string, string>}
 */
function environment(folder, { pulumi, host }, address) {
  const own = Object.entries(process.env).filter(([name]) => !/^(CONSUL|PULUMI)_/.test(name));
  const sdk = join(root, "node_modules", "@pulumi", "pulumi");
  return {
    ...Object.fromEntries(own.map(([name, value]) => [name, value ?? ""])),
    PATH: [dirname(pulumi), dirname(host), process.env.PATH, sdk].join(delimiter),
    TMPDIR: folder,
    CONSUL_HTTP_ADDR: address,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "demo",
    PULUMI_SKIP_UPDATE_CHECK: "1",
  };
}

/** @param {string} text */
function title(text) {
  say(`\n${style("bold", text)}`);
}

/** @param {readonly string[]} words */
function command(words) {
  return style("cyan", `$ ${words.join(" ")}`);
}

/**
 * Prints a command and, as it comes, what it prints.
 * @param {string} name as which users have the program, whose file may contain its version
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: Record<string, string> }} where
 * @returns {Promise<string>} what it printed to its standard output
 */
async function show(name, program, args, where) {
  const words = [name, ...args];
  say(command(words));
  const { code, stdout } = await run(program, args, { ...where, ...PATIENT, onLine: (line) => say(line) });
  if (code !== 0) throw new Failure(`\`${words.join(" ")}\` ended with code ${code}.`);
  return stdout;
}

/**
 * @param {Record<string, unknown>} outputs
 * @param {string} inspected what `consul snapshot inspect` printed
 */
function compare(outputs, inspected) {
  say(`\n          ${"Pulumi".padEnd(12)}Consul`);
  for (const name of ["index", "term", "size"]) {
    const theirs = new RegExp(`^ *${name} +(\\d+)$`, "im").exec(inspected)?.[1];
    const same = String(outputs[name]) === theirs;
    const mark = same ? style("green", "✓") : style("red", "✗");
    say(`${mark} ${name.padEnd(8)}${String(outputs[name]).padEnd(12)}${theirs}`);
    if (!same) throw new Failure(`Pulumi's output "${name}" is not what Consul says.`);
  }
}
