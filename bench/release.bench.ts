/** How long single executables take to start, beside the same programs with Node.js. */

import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { median, ms, portTime, table, timed } from "./lib";

const ROUNDS = 15;
const PLUGIN = "pulumi-resource-consul-snapshot";

const exec = promisify(execFile);

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  try {
    const system = `${process.platform}-${process.arch}`;
    await exec(process.execPath, ["tools/release.mjs", "--only", system, "--output", folder, "--no-test"]);
    const archives = (await readdir(folder)).filter((name) => name.endsWith(".tar.gz"));
    for (const archive of archives) await exec("tar", ["-xzf", join(folder, archive), "-C", folder]);
    const [command, plugin] = [join(folder, "consul-snapshot"), join(folder, PLUGIN)];
    const rounds: Record<"node" | "installed" | "command" | "installedPlugin" | "plugin", number>[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      const times = {
        node: await timeOf(() => exec(process.execPath, ["-e", "0"])),
        installed: await timeOf(() => exec(process.execPath, ["dist/cli/main.js", "--version"])),
        command: await timeOf(() => exec(command, ["--version"])),
        installedPlugin: await portTime(process.execPath, [join("bin", PLUGIN)]),
        plugin: await portTime(plugin, []),
      };
      // The first round fills caches and is not counted.
      if (round >= 0) rounds.push(times);
    }
    type Times = (typeof rounds)[number];
    const row = (title: string, key: keyof Times, base: keyof Times): string[] => [
      title,
      ms(median(rounds.map((times) => times[key]))),
      median(rounds.map((times) => times[key] / times[base])).toFixed(2),
    ];
    const sizes = await Promise.all(
      [command, join(folder, archives.sort()[0] ?? "")].map(async (path) => (await stat(path)).size),
    );
    const [size, packed] = sizes.map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`);
    return `## Starting a single executable

Medians of ${ROUNDS} rounds, each taking all in turn; ratios are those of the same round. \`consul-snapshot\` as a single executable has
${size}, and ${packed} as an archive; it contains a newer Node.js than the one that it is compared with.

${table(
  ["", "time", "ratio"],
  [
    row("`node -e 0`", "node", "node"),
    row("`node dist/cli/main.js --version`", "installed", "installed"),
    row("`consul-snapshot --version`, a single executable", "command", "installed"),
    row("the plugin with Node.js, until it prints its port", "installedPlugin", "installedPlugin"),
    row("the plugin as a single executable", "plugin", "installedPlugin"),
  ],
)}
`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  return (await timed(work)).ms;
}
