/** Which modules a provider's process has loaded by the end of a run. */

import { readFile, writeFile } from "node:fs/promises";
import type { PulumiProject } from "./project";

export interface LoadedModules {
  /** The environment of a run that records them. */
  readonly env: Readonly<Record<string, string>>;
  /** Their paths, after the run. */
  read(): Promise<readonly string[]>;
}

/** @param program - matches the path of the script that the process runs */
export async function recordLoadedModules(project: PulumiProject, program: RegExp): Promise<LoadedModules> {
  const [hook, file] = [project.path("loaded.cjs"), project.path("loaded")];
  // The engine ends a provider with SIGINT.
  await writeFile(
    hook,
    `
if (${String(program)}.test(process.argv[1] ?? "")) {
  process.on("SIGINT", () => {
    require("node:fs").writeFileSync(${JSON.stringify(file)}, Object.keys(require.cache).join("\\n"));
    process.exit(0);
  });
}
`,
  );
  return {
    env: { NODE_OPTIONS: `--require ${hook}` },
    read: async () => (await readFile(file, "utf8")).split("\n"),
  };
}

/** The client libraries of the clouds. */
export const CLOUD_SDKS = /\/node_modules\/(@aws-sdk|@google-cloud|@azure)\//;
/** What only a save, or reading an archive, needs. */
export const SAVING = /\/node_modules\/undici\/|provider\/archive\//;
