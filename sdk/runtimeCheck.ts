/**
 * Checks that Pulumi's provider process will find this package. That process loads it by name from the program's folder, even
 * if the package is a dependency of a library.
 */

// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- part of Node.js, light, and only resolves a name
import { createRequire } from "node:module";
// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- part of Node.js, and light
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { isUnitTest } from "./resource";

const RUNTIME = "pulumi-consul-snapshot/runtime";
/** Whether the package was found, or the program was warned. */
let isSettled = false;

/**
 * Without the package, every operation on the resource would fail in Pulumi itself, with a stack trace.
 *
 * @throws RunError that says what to install
 */
export function checkRuntime(): void {
  if (isSettled || isUnitTest()) return;
  isSettled = canResolve(process.cwd());
  if (isSettled) return;
  if (!isLanguageHost()) {
    warnOfFolder();
    return;
  }
  throw new pulumi.RunError(
    `Pulumi's provider process cannot find the package pulumi-consul-snapshot from ${process.cwd()}: install it in ` +
      "the program's own package.json too, in the same version, also when a library depends on it",
  );
}

/**
 * For an inline program of the Automation API, Pulumi starts the provider in the process's working directory, unless `main` in the
 * project settings specifies another folder (automation/localWorkspace.ts, 3.248). The SDK cannot see these settings.
 */
function warnOfFolder(): void {
  isSettled = true;
  void pulumi.log.warn(
    `the package pulumi-consul-snapshot cannot be found from ${process.cwd()}, where Pulumi starts the provider process of an ` +
      "inline program: start the program in the folder that has the package in its node_modules, or set main to it in projectSettings",
  );
}

/** Whether Pulumi's language host runs this program: it starts the program and the provider in the program's folder. */
function isLanguageHost(): boolean {
  return /[/\\]cmd[/\\]run(-policy-pack)?([/\\]|$)/.test(process.argv[1] ?? "");
}

/** @param folder - the program's folder, in which the language host starts both processes */
function canResolve(folder: string): boolean {
  try {
    createRequire(join(folder, "program.js")).resolve(RUNTIME);
    return true;
  } catch {
    return false;
  }
}
