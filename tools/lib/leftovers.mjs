// Processes that a run of tests left behind, wherever they went: each child inherits the run's TMPDIR, by which it is
// known, also when it has left its process group.
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** How long processes may take to notice that the tests have ended, in ms. */
const GRACE_MS = 5_000;

/** @typedef {{ pid: number, command: string }} Leftover */

/**
 * The processes whose TMPDIR is the given folder. Linux alone tells; elsewhere none are found.
 * @param {string} folder
 * @returns {Leftover[]}
 */
function findLeftovers(folder) {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        if (!readFileSync(`/proc/${name}/environ`, "utf8").split("\0").includes(`TMPDIR=${folder}`)) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").join(" ").trim();
        return command === "" ? [] : [{ pid: Number(name), command }];
      } catch {
        return []; // It has ended meanwhile, or is another user's.
      }
    });
}

/**
 * Waits a moment for the processes of a run to end.
 * @param {string} folder the run's TMPDIR
 * @returns {Promise<Leftover[]>} those that did not
 */
export async function awaitLeftovers(folder) {
  const until = Date.now() + GRACE_MS;
  let left = findLeftovers(folder);
  while (left.length > 0 && Date.now() < until) {
    await delay(50);
    left = findLeftovers(folder);
  }
  return left;
}

/**
 * Kills every process whose TMPDIR is the given folder.
 * @param {string} folder
 */
export function killLeftovers(folder) {
  for (const { pid } of findLeftovers(folder)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}
