// The programs that the demo runs: the user's own where there are some, else built ones.
import { accessSync, constants, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { CONSUL } from "./consul.mjs";
import { toolPath } from "./paths.mjs";

const HOST = "pulumi-language-nodejs";

/**
 * @returns {{ consul: string, pulumi: string, host: string, missing: string[] }} paths, `host` being that of Pulumi's
 *   host of Node programs; `missing` names those that must be built first
 */
export function findPrograms() {
  const consul = onPath("consul");
  const pulumi = onPath("pulumi");
  // A Pulumi may stand on PATH as a link to the folder that holds all of it.
  const host = pulumi && (executable(join(dirname(realpathSync(pulumi)), HOST)) ?? onPath(HOST));
  const found = { [CONSUL]: consul, pulumi, [HOST]: host };
  return {
    consul: consul ?? toolPath(CONSUL),
    pulumi: pulumi ?? toolPath("pulumi"),
    host: host ?? toolPath(HOST),
    missing: Object.entries(found).flatMap(([name, path]) => (path === undefined ? [name] : [])),
  };
}

/** @param {string} name */
function onPath(name) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = folder === "" ? undefined : executable(join(folder, name));
    if (path !== undefined) return path;
  }
  return undefined;
}

/** @param {string} path */
function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}
