// dist/: what is published, compiled from what tsconfig.json includes.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { made, root } from "./paths.mjs";
import { atExit, run } from "./processes.mjs";
import { begin } from "./say.mjs";
import { clearStamp, hashOf, readStamp, writeStamp } from "./stamp.mjs";

const dist = join(root, "dist");
const STAMP = "dist";

/** Compiles into dist/ if a source, the compiler or its settings changed. Says nothing when there is nothing to do. */
export async function compile() {
  const sources = listSources();
  const madeFrom = hashOf([
    ...["tsconfig.json", join("node_modules", "typescript", "package.json"), ...sources].flatMap((path) => [
      path,
      readFileSync(join(root, path)),
    ]),
  ]);
  const complete = sources.every((path) => path.endsWith(".d.ts") || existsSync(join(dist, path.replace(/ts$/, "js"))));
  if (complete && readStamp(STAMP) === madeFrom) return;

  const activity = begin("Compiling (tsc)");
  // Into a fresh folder that then takes the place of the old one: nothing stale stays, nothing half written is seen.
  const fresh = join(made, `dist.${process.pid}`);
  const old = `${fresh}.old`;
  const discard = atExit(() => {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  });
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const compiled = await run(process.execPath, [tsc, "--outDir", fresh, "--noEmitOnError"], { cwd: root });
  if (compiled.code !== 0) {
    activity.drop();
    throw new Failure(`Compiling failed:\n${compiled.output.trimEnd()}`);
  }
  clearStamp(STAMP);
  mkdirSync(made, { recursive: true });
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  writeStamp(STAMP, madeFrom);
  discard();
  activity.done("Compiled into dist/");
}

/** The files that `tsconfig.json` includes, relative to the repository. */
function listSources() {
  /** @type {{ include: readonly string[] }} */
  const { include } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"));
  return include.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .sort()
      .map((path) => join(folder, path)),
  );
}
