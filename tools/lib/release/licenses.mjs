// The licenses of what an executable is made of: they ask to be passed on with it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { root } from "../paths.mjs";
import { NODE_VERSION } from "./targets.mjs";

const RULE = "=".repeat(80);

/**
 * @param {readonly string[]} packages folders of packages, relative to the repository
 * @param {string} nodeLicense the path of Node.js's license
 */
export function thirdPartyLicenses(packages, nodeLicense) {
  const sections = packages.map((folder) => {
    /** @type {{ name: string, version: string, license?: unknown }} */
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const title = `${name} ${version}${typeof license === "string" ? ` (${license})` : ""}`;
    return [title, ...licenseTexts(join(root, folder))].join("\n\n");
  });
  const node = `Node.js ${NODE_VERSION}\n\n${readFileSync(nodeLicense, "utf8").trim()}`;
  return `${[...new Set(sections), node].join(`\n\n${RULE}\n\n`)}\n`;
}

/** @param {string} folder */
function licenseTexts(folder) {
  return readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8").trim());
}

/**
 * The license of Node.js: the packages for Windows have none, and it is the same text for all systems.
 * @param {readonly string[]} binaries paths of Node.js
 */
export function nodeLicense(binaries) {
  return binaries.map((path) => join(dirname(path), "LICENSE")).find((path) => existsSync(path));
}
