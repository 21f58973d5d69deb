/** The Chromium that `npm test` installs from tools/browser. It needs neither a display nor a library of the system. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Readable, Writable } from "node:stream";
import { temporaryFolder } from "../programs/saving";
import { DevToolsConnection } from "./connection";
import { BrowserPage } from "./page";

const FOLDER = resolve(".tools/browser/unpacked");
const PROGRAM = join(FOLDER, "chromium");
/** The package holds a program for this system only. */
const SYSTEM = "linux-x64";

const FLAGS = [
  "--headless",
  "--remote-debugging-pipe",
  // Root has no sandbox, and only pages of the tests are opened.
  "--no-sandbox",
  "--no-zygote",
  "--in-process-gpu",
  "--hide-scrollbars",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
];

/** Its libraries and its only font are its own: text is as wide on every machine. */
const ENVIRONMENT = {
  LD_LIBRARY_PATH: join(FOLDER, "al2023", "lib"),
  FONTCONFIG_FILE: join(FOLDER, "fonts", "fonts.conf"),
};

export interface Browser {
  /** Opens an empty page. */
  open(): Promise<BrowserPage>;
  stop(): Promise<void>;
}

/** Why it cannot run on this machine, as a clause; undefined if it can. */
export function whyNoChromium(): string | undefined {
  const system = `${process.platform}-${process.arch}`;
  if (system !== SYSTEM) return `this system is ${system}, and the browser is for ${SYSTEM}`;
  if (!existsSync(PROGRAM)) return "`npm test` has not installed the browser";
  const env = { ...process.env, ...ENVIRONMENT };
  const { status, error, stderr } = spawnSync(PROGRAM, ["--version"], { env, encoding: "utf8" });
  return status === 0 ? undefined : `the browser does not start: ${error?.message ?? stderr.trim()}`;
}

export async function startChromium(): Promise<Browser> {
  const folder = await temporaryFolder();
  const child = spawn(PROGRAM, [...FLAGS, `--user-data-dir=${folder.path}`, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    env: { ...process.env, ...ENVIRONMENT, HOME: folder.path },
  });
  const closed = once(child, "close");
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const connection = new DevToolsConnection(child.stdio[3] as Writable, child.stdio[4] as Readable);
  try {
    await connection.call("Browser.getVersion");
  } catch (error) {
    child.kill("SIGKILL");
    await closed;
    await folder.remove();
    throw new Error(`Chromium did not start: ${errors}`, { cause: error });
  }
  return {
    open: () => BrowserPage.open(connection),
    async stop() {
      await connection.call("Browser.close");
      await closed;
      await folder.remove();
    },
  };
}
