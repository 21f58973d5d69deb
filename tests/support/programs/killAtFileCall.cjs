// Preloaded into a process that writes files: kills it before or after one of its calls of the file system, counted
// from 1. KILL_BELOW names the folder whose calls count, KILL_AT is `before 3` or `after 3`; `count` prints them all.
"use strict";
const promises = require("node:fs/promises");

const folder = process.env.KILL_BELOW ?? "";
const [side = "", wanted = ""] = (process.env.KILL_AT ?? "").split(" ");
let calls = 0;

/** What changes a folder, or makes it durable. */
const NAMES = /** @type {const} */ (["mkdir", "open", "link", "rename", "unlink"]);
/** Of a file that is open. Of its writes only the first one counts. */
const HANDLE_NAMES = /** @type {const} */ (["write", "sync", "close"]);

/**
 * @param {any} owner
 * @param {string} name
 * @param {(args: unknown[]) => boolean} counts
 * @param {(result: any) => void} [then]
 */
function intercept(owner, name, counts, then = () => undefined) {
  const original = owner[name];
  owner[name] = async function (/** @type {unknown[]} */ ...args) {
    if (!counts(args)) return original.apply(this, args);
    const number = ++calls;
    if (side === "count") process.stdout.write(`call ${name}\n`);
    if (side === "before" && number === Number(wanted)) process.kill(process.pid, "SIGKILL");
    const result = await original.apply(this, args);
    if (side === "after" && number === Number(wanted)) process.kill(process.pid, "SIGKILL");
    then(result);
    return result;
  };
}

const isBelow = (/** @type {unknown[]} */ args) =>
  args.some((arg) => typeof arg === "string" && arg.startsWith(folder));
for (const name of NAMES) {
  intercept(promises, name, isBelow, (handle) => {
    if (name !== "open") return;
    for (const method of HANDLE_NAMES) {
      let used = false;
      intercept(handle, method, () => {
        const counts = method !== "write" || !used;
        used = true;
        return counts;
      });
    }
  });
}
