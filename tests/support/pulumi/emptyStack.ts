/** A stack that was just made, of each project's name once in a process: its files are copied, which takes no second. */
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { SECRETS_PROVIDER, startSecretsProvider } from "./secretsProvider";

export const STACK = "dev";
const PULUMI = resolve(".tools/bin/pulumi");

interface EmptyStack {
  /** A folder in which `pulumi stack init` was run. */
  readonly dir: string;
  /** What it wrote of the stack's configuration: how its secrets are encrypted. */
  readonly settings: string;
}

const made = new Map<string, Promise<EmptyStack>>();
const dirs: string[] = [];
process.once("exit", () => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

async function make(project: string): Promise<EmptyStack> {
  const dir = await mkdtemp(join(tmpdir(), "stack-"));
  dirs.push(dir);
  await mkdir(join(dir, "state"));
  await writeFile(join(dir, "Pulumi.yaml"), `name: ${project}\nruntime: nodejs\n`);
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
    PULUMI_HOME: join(dir, "home"),
    ...(await startSecretsProvider()),
    PULUMI_SKIP_UPDATE_CHECK: "1",
  };
  await promisify(execFile)(
    PULUMI,
    ["stack", "init", STACK, "--secrets-provider", SECRETS_PROVIDER, "--non-interactive"],
    { cwd: dir, env },
  );
  return { dir, settings: await readFile(join(dir, `Pulumi.${STACK}.yaml`), "utf8") };
}

/**
 * Gives a project's folder its stack, as `pulumi stack init` would.
 *
 * @param project - its name, as its Pulumi.yaml says
 * @param config - by full key; none of it secret
 */
export async function copyEmptyStack(
  project: string,
  dir: string,
  config: Readonly<Record<string, string>>,
): Promise<void> {
  const making = made.get(project) ?? make(project);
  made.set(project, making);
  const { dir: from, settings } = await making;
  await cp(join(from, "state"), join(dir, "state"), { recursive: true });
  const lines = Object.entries(config).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
  const text = lines.length === 0 ? settings : `${settings}config:\n${lines.join("")}`;
  await writeFile(join(dir, `Pulumi.${STACK}.yaml`), text);
}
