/** The package as npm packs it, installed in a folder of its own, away from this repository. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import manifest from "../../package.json";

const root = path.resolve(__dirname, "../..");

/** What a program's author installs beside the package. */
const BESIDE = ["typescript", "@types/node"];

export interface Installed {
  /** A folder whose node_modules holds the package, what it cannot do without, and what a program needs beside it. */
  readonly folder: string;
  /** What `npm pack` made. */
  readonly tarball: string;
  /** The folder of the package. */
  readonly home: string;
  /** The files of the package, relative to its folder, sorted. */
  readonly files: readonly string[];
  /** Writes files into a new folder of a program, and gives its path. */
  program(name: string, files: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

export async function packAndInstall(): Promise<Installed> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "package-")));
  const modules = path.join(folder, "node_modules");
  const home = path.join(modules, manifest.name);
  await mkdir(home, { recursive: true });
  await run("npm", ["pack", "--pack-destination", folder], root);
  const tarball = path.join(folder, `${manifest.name}-${manifest.version}.tgz`);
  await run("tar", ["-xzf", tarball, "-C", home, "--strip-components=1"], folder);
  const optional = Object.keys(manifest.peerDependenciesMeta);
  const peers = Object.keys(manifest.peerDependencies).filter((name) => !optional.includes(name));
  const unbundled = Object.keys(manifest.dependencies).filter((name) => !manifest.bundleDependencies.includes(name));
  for (const name of [...unbundled, ...peers, ...BESIDE]) {
    await mkdir(path.dirname(path.join(modules, name)), { recursive: true });
    await symlink(path.join(root, "node_modules", name), path.join(modules, name), "dir");
  }
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(home, path.join(entry.parentPath, entry.name)))
    .sort();
  return {
    folder,
    home,
    tarball,
    files,
    async program(name, contents) {
      const place = path.join(folder, name);
      await mkdir(place);
      for (const [file, content] of Object.entries(contents)) await writeFile(path.join(place, file), content);
      return place;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Runs a script of this repository's node_modules; see `run`. */
export async function runModule(script: string, args: readonly string[], cwd: string): Promise<string> {
  return run(process.execPath, [path.join(root, "node_modules", script), ...args], cwd);
}

/** Runs a program to its end, and gives what it printed; rejects with that too when it fails. */
export async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${path.basename(args[0] ?? command)} failed:\n${stdout ?? ""}${stderr ?? ""}`, { cause: error });
  }
}
