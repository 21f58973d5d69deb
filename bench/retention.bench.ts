/**
 * What retention costs after a save, at a place with many archives of the series, in a folder and in a bucket: in a process
 * that has not read the manifests before, and in one that has.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compact } from "../provider/compact";
import { ManifestCache } from "../provider/retention/manifestCache";
import { prune } from "../provider/retention/prune";
import type { FilledPlace } from "./filledPlace";
import { timed } from "./lib";
import { CONDITIONS, placeTimes } from "./placeTimes";

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-retention-"));
  const caches = new Map<FilledPlace, ManifestCache>();
  const timeAgain = (place: FilledPlace, count: number): Promise<number> => {
    const cache = caches.get(place) ?? new ManifestCache();
    caches.set(place, cache);
    return timeOf(place, count, cache);
  };
  try {
    return `## Retention at a place with many archives

One listing and a read of each manifest of the series; the policy keeps all, so nothing is removed. A further run of the
same process reads no manifest again. ${CONDITIONS}

${await placeTimes(folder, { "": (place, count) => timeOf(place, count), ", a further run": timeAgain })}
`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function timeOf(place: FilledPlace, count: number, cache?: ManifestCache): Promise<number> {
  const { store, template, newest } = place;
  const reporter = {
    signal: new AbortController().signal,
    status: () => undefined,
    info: () => undefined,
    warn: (message: string) => console.warn(message),
  };
  const policy = { keepLast: count + 1 };
  const request = { store, template, policy, now: new Date(), saved: newest, ...compact({ cache }) };
  const { ms, value } = await timed(() => prune(request, reporter));
  if (value?.kept !== count) throw new Error(`kept ${value?.kept} of ${count}`);
  return ms;
}
