// Child processes and temporary folders that never outlive the script that made them: not when it ends, not when it
// fails, and not when it is interrupted.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { endLive, say, style } from "./say.mjs";

/** A second Ctrl-C kills. npm passes on the one that the terminal already sent, so the two must lie apart, in ms. */
const IMPATIENCE_MS = 500;

/** @type {Map<import("node:child_process").ChildProcess, { stopSignal: NodeJS.Signals, graceMs: number }>} */
const running = new Map();
/** @type {Set<() => void>} */
const cleanups = new Set();
/** When the script was interrupted, by `performance.now()`. @type {number | undefined} */
let interrupted;

/**
 * Starts a program in a process group of its own, so that it can be ended together with its children and a Ctrl-C of
 * the terminal reaches it only through this script.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions & { stopSignal?: NodeJS.Signals, graceMs?: number }} [options]
 *   `stopSignal` (SIGTERM) asks it to end; after `graceMs` (5000) it is killed
 */
export function start(command, args, { stopSignal = "SIGTERM", graceMs = 5_000, ...options } = {}) {
  if (interrupted !== undefined) throw new Error("interrupted");
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options, detached: true });
  running.set(child, { stopSignal, graceMs });
  child.once("exit", () => running.delete(child));
  child.once("error", () => running.delete(child));
  return child;
}

/**
 * Runs a program to its end.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Parameters<typeof start>[2] & { onLine?: (line: string) => void }} [options] `onLine` sees each line of its
 *   output as it comes
 * @returns {Promise<{ code: number, output: string, stdout: string }>} `output` is both streams as they came; a
 *   program ended by a signal has 128 and more as its code, as in a shell
 */
export async function run(command, args, { onLine, ...options } = {}) {
  const child = start(command, args, options);
  const [output, stdout] = /** @type {[string[], string[]]} */ ([[], []]);
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      output.push(text);
      if (stream === child.stdout) stdout.push(text);
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine?.(line);
    });
    stream?.on("end", () => rest !== "" && onLine?.(rest));
  }
  const [code, signal] = await once(child, "close");
  if (interrupted !== undefined) throw new Error("interrupted");
  return {
    code: code ?? 128 + constants.signals[/** @type {NodeJS.Signals} */ (signal)],
    output: output.join(""),
    stdout: stdout.join(""),
  };
}

/**
 * Ends a program and its process group, and waits until it is gone.
 * @param {import("node:child_process").ChildProcess} child
 */
export async function stop(child) {
  const how = running.get(child);
  if (how === undefined) return;
  const gone = once(child, "exit");
  signalGroup(child, how.stopSignal);
  const timer = setTimeout(() => signalGroup(child, "SIGKILL"), how.graceMs);
  await gone;
  clearTimeout(timer);
  signalGroup(child, "SIGKILL");
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function signalGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The whole group is gone already.
  }
}

/**
 * Makes a temporary folder that is removed when the script ends, however it ends.
 * @param {string} prefix short: unix sockets below it must fit into 104 bytes
 */
export function temporaryFolder(prefix) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  // Tests act as another user too, who must be able to pass through; nobody can guess the name or list what is inside.
  chmodSync(folder, 0o711);
  atExit(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/**
 * Does something when the script ends, however it ends. It cannot wait for anything.
 * @param {() => void} cleanup
 * @returns {() => void} does it now instead
 */
export function atExit(cleanup) {
  const once = () => {
    if (cleanups.delete(once)) cleanup();
  };
  cleanups.add(once);
  return once;
}

/**
 * The frame of every script here: runs it, prints a failure as one sentence and a hint, ends what it started.
 * @param {() => Promise<number | void>} script returns the exit code, 0 if nothing
 */
export async function main(script) {
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => void interrupt(signal));
  }
  if (process.env.npm_lifecycle_event !== undefined) endWithParent();
  process.on("exit", () => {
    for (const child of running.keys()) signalGroup(child, "SIGKILL");
    for (const cleanup of [...cleanups].reverse()) cleanup();
  });
  try {
    process.exitCode = (await script()) ?? 0;
  } catch (error) {
    if (interrupted !== undefined) return;
    process.exitCode = 1;
    if (!(error instanceof Failure)) throw error;
    say(`${style("red", "✗")} ${error.message}`);
    if (error.hint !== undefined) say(`  ${error.hint}`);
  }
  await stopAll();
}

/** npm puts a shell between itself and the script, which ends at a signal without passing it on. */
function endWithParent() {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && void interrupt("SIGTERM"), 500).unref();
}

/** @param {NodeJS.Signals} signal */
async function interrupt(signal) {
  const code = 128 + constants.signals[signal];
  if (interrupted !== undefined) {
    if (performance.now() - interrupted > IMPATIENCE_MS) process.exit(code);
    return;
  }
  interrupted = performance.now();
  endLive();
  if (running.size > 0) say(`\nStopping (${signal}) …`);
  await stopAll();
  process.exit(code);
}

/** Ends what runs, the newest first: what was started later may need what was started before. */
async function stopAll() {
  for (const child of [...running.keys()].reverse()) await stop(child);
}
