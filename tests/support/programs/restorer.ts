/** A restore in a process of its own, to be killed or measured: `node restorer.ts SOURCE ADDRESS SAFETY RUN`. */

import { readFileSync } from "node:fs";
import { restoreFrom } from "./restoring";

const [source = "", address = "", safety = "", runId = ""] = process.argv.slice(2);

void restoreFrom(
  source,
  { address },
  {
    safety,
    request: { runId, allow: ["otherDatacenter", "otherCluster", "otherVersion"] },
    // What is measured or killed comes after the cluster was found stable.
    limits: { observation: { stableMs: 1, limitMs: 20_000 } },
    heard: (message) => console.log(message),
  },
).then(({ restored, error }) => {
  console.log(restored?.outcome ?? error?.message);
  console.log(`peak ${peakBytes()}`);
});

/** Linux hands `maxRSS` down from the parent; this is the process's own. */
function peakBytes(): number {
  const status = process.platform === "linux" ? readFileSync("/proc/self/status", "utf8") : "";
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS) * 1024;
}
