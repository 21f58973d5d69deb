import { readPackageFile } from "../packageFile";

/** This package's name and version, for manifests. */
export const writtenBy = ((): string => {
  try {
    const { name, version } = JSON.parse(readPackageFile("package.json")) as { name: string; version: string };
    return `${name} ${version}`;
  } catch {
    return "pulumi-consul-snapshot";
  }
})();
