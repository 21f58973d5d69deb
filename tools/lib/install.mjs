// The packages in node_modules, kept in step with package-lock.json.
import { lstatSync, readFileSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { root } from "./paths.mjs";
import { run } from "./processes.mjs";
import { begin } from "./say.mjs";

/** @typedef {{ version?: string, link?: boolean, optional?: boolean, devOptional?: boolean }} LockedPackage */

/** Runs `npm ci` if what is installed is not what the lock file says. */
export async function install() {
  if (!isInstalled()) {
    const activity = begin("Installing packages (npm ci)");
    const installed = await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: root });
    if (installed.code !== 0) {
      activity.drop();
      const [said = ""] = installed.output.split("npm error Clean install a project"); // its usage follows
      throw new Failure(`\`npm ci\` failed:\n${said.trimEnd()}`);
    }
    activity.done("Installed packages");
  }
  linkSelf();
}

/** Whether the list that npm keeps of what it installed, written when it has finished, agrees with the lock file. */
function isInstalled() {
  const locked = readPackages(join(root, "package-lock.json"));
  const installed = readPackages(join(root, "node_modules", ".package-lock.json"));
  if (locked === undefined) throw new Failure("package-lock.json is missing or unreadable.");
  if (installed === undefined) return false;
  delete locked[""];
  return (
    Object.entries(locked).every(([path, { version, optional, devOptional }]) => {
      const there = installed[path];
      // What is optional is left out where it does not run: binaries for other systems.
      return there === undefined ? optional === true || devOptional === true : there.version === version;
    }) && Object.entries(installed).every(([path, { link }]) => link === true || path in locked)
  );
}

/**
 * @param {string} file
 * @returns {Record<string, LockedPackage> | undefined}
 */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/**
 * Lets the examples import the package by its name, and Pulumi's provider process find its runtime from their folder.
 * npm removes the link whenever it installs.
 */
function linkSelf() {
  const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const link = join(root, "node_modules", name);
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === "..") return;
  rmSync(link, { recursive: true, force: true });
  symlinkSync("..", link, "dir");
}
