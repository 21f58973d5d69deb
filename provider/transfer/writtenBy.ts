import { join } from "node:path";
import { readFileSync } from "node:fs";

/** This package's name and version, for manifests. */
export const writtenBy = ((): string => {
  // Two folders up from the sources, three from `dist/`: the nearest package.json is ours either way.
  for (const up of ["../..", "../../.."]) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(__dirname, up, "package.json"), "utf8")) as {
        name: string;
        version: string;
      };
      return `${name} ${version}`;
    } catch {}
  }
  return "pulumi-consul-snapshot";
})();
