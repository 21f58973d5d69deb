/** What retention costs after a save, at a place with many archives of the series: in a folder and in a bucket. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prune } from "../provider/retention/prune";
import type { FilledPlace } from "./filledPlace";
import { timed } from "./lib";
import { CONDITIONS, placeTimes } from "./placeTimes";

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-retention-"));
  try {
    return `## Retention at a place with many archives

One listing and a read of each manifest of the series; the policy keeps all, so nothing is removed. ${CONDITIONS}

${await placeTimes(folder, timeOf)}
`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function timeOf({ store, template, newest }: FilledPlace, count: number): Promise<number> {
  const reporter = {
    signal: new AbortController().signal,
    status: () => undefined,
    info: () => undefined,
    warn: (message: string) => console.warn(message),
  };
  const policy = { keepLast: count + 1 };
  const { ms, value } = await timed(() => prune({ store, template, policy, now: new Date(), saved: newest }, reporter));
  if (value?.kept !== count) throw new Error(`kept ${value?.kept} of ${count}`);
  return ms;
}
