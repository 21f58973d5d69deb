/** Which modules a provider's process has loaded by the end of a run. */

import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "../consul/consul";
import type { PulumiProject } from "./project";

export interface LoadedModules {
  /** The environment of a run that records them. */
  readonly env: Readonly<Record<string, string>>;
  /** Their paths, after the run. */
  read(): Promise<readonly string[]>;
}

/** @param program - matches the path of the script that the process runs */
export async function recordLoadedModules(project: PulumiProject, program: RegExp): Promise<LoadedModules> {
  const [hook, folder] = [project.path("loaded.cjs"), project.path("loaded")];
  // The engine ends a provider with SIGINT, and may start several in one run: each has a file, named by its process.
  await writeFile(
    hook,
    `
if (${String(program)}.test(process.argv[1] ?? "")) {
  const { mkdirSync, writeFileSync } = require("node:fs");
  const file = ${JSON.stringify(folder)} + "/" + process.pid;
  mkdirSync(${JSON.stringify(folder)}, { recursive: true });
  writeFileSync(file, "");
  process.on("SIGINT", () => {
    writeFileSync(file, Object.keys(require.cache).join("\\n"));
    process.exit(0);
  });
}
`,
  );
  return {
    env: { NODE_OPTIONS: `--require ${hook}` },
    async read() {
      const processes = await readdir(folder);
      await eventually("the providers to end", () => Promise.resolve(!processes.some(isAlive)));
      const loaded = await Promise.all(processes.map((id) => readFile(join(folder, id), "utf8")));
      await rm(folder, { recursive: true });
      return loaded.flatMap((paths) => paths.split("\n"));
    },
  };
}

function isAlive(id: string): boolean {
  try {
    return process.kill(Number(id), 0);
  } catch {
    return false;
  }
}

/** The client libraries of the clouds. */
export const CLOUD_SDKS = /\/node_modules\/(@aws-sdk|@google-cloud|@azure)\//;
/** What only a save, or reading an archive, needs. */
export const SAVING = /\/node_modules\/undici\/|provider\/archive\//;
