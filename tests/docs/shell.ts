/** An operator's shell in a folder of its own: `consul` and `consul-snapshot` are on its path, and what is typed is kept. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";

export interface Shell {
  /**
   * Runs a line, and gives it with all that it prints.
   *
   * @param code - how it must end. Default: 0
   * @throws Error when it ends otherwise
   */
  type(line: string, code?: number): Promise<string>;
}

export async function shellIn(folder: string, env: Readonly<Record<string, string>>): Promise<Shell> {
  const bin = join(folder, ".bin");
  await mkdir(bin, { recursive: true });
  const command = join(bin, "consul-snapshot");
  await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${resolve("dist/cli/main.js")}" "$@"\n`);
  await chmod(command, 0o755);
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("CONSUL"));
  const options = {
    cwd: folder,
    env: {
      ...Object.fromEntries(inherited),
      PATH: [bin, resolve(".tools/bin"), process.env.PATH].join(delimiter),
      ...env,
    },
  };
  return {
    async type(line, code = 0) {
      // A user's project has the command in its node_modules, which npx looks up.
      const script = line.replaceAll("npx consul-snapshot", "consul-snapshot");
      const child = spawn("sh", ["-c", `exec 2>&1\n${script}`], { ...options, stdio: ["ignore", "pipe", "inherit"] });
      let printed = "";
      child.stdout.on("data", (bytes: Buffer) => (printed += bytes.toString()));
      const [ended] = (await once(child, "close")) as [number | null];
      if (ended !== code) throw new Error(`${line} ended with ${ended}: ${printed}`);
      return `$ ${line}\n${printed.trimEnd()}`;
    },
  };
}
