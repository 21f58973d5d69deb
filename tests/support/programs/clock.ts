/** A provider, or the command, whose clock runs ahead, or behind: for what depends on age. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PulumiProject } from "../pulumi/project";

const CLOCK = `
if (/dynamic-provider|cli[/\\\\]main\\.js$/.test(process.argv[1] ?? "")) {
  const Real = Date;
  const ahead = Number(process.env.HOURS_AHEAD) * 3_600_000;
  globalThis.Date = class extends Real {
    constructor(...given) {
      super(...(given.length === 0 ? [Real.now() + ahead] : given));
    }
    static now() {
      return Real.now() + ahead;
    }
  };
}
`;

/** Gives the environment of a run that takes place so many hours later; earlier, if negative. */
export async function laterIn(project: PulumiProject): Promise<(hours: number) => Record<string, string>> {
  return clockIn(project.dir);
}

/** The same for the command; `folder` is where the clock is kept. */
export async function clockIn(folder: string): Promise<(hours: number) => Record<string, string>> {
  const hook = join(folder, "clock.cjs");
  await writeFile(hook, CLOCK);
  return (hours) => ({ NODE_OPTIONS: `--require ${hook}`, HOURS_AHEAD: String(hours) });
}
