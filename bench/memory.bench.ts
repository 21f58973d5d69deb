/** Peak memory of saves, over the same process that saves nothing: to a folder, to S3, several at once, and of 2 GB. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { versitygw } from "../tests/support/stores/s3";
import { median, peakOf, startReplay, table } from "./lib";

const ROUNDS = 3;
const ARCHIVE_BYTES = 94e6;
const LARGE_BYTES = 2e9;
const AT_ONCE = 4;

export async function run(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-memory-"));
  const [server, archive, large] = [
    await versitygw.start(),
    await startReplay(ARCHIVE_BYTES),
    await startReplay(LARGE_BYTES),
  ];
  Object.assign(process.env, server.env);
  try {
    let saves = 0;
    /** Of so many saves at once, the median of some processes. */
    const peakOfSaves = async (address: string, target: (name: string) => string, count: number): Promise<number> => {
      const peaks: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const targets = Array.from({ length: count }, () => target(`${saves++}.snap`));
        peaks.push(await peakOf([join(__dirname, "saver.cjs"), address, ...targets]));
      }
      return median(peaks);
    };
    const inFolder = (name: string): string => join(folder, name);
    const inBucket = (name: string): string => server.url(name);
    const idle = await peakOfSaves(archive.address, inFolder, 0);
    const idleBucket = await peakOf([join(__dirname, "saver.cjs"), archive.address, "--load", server.url("x")]);
    const rows: string[][] = [];
    const add = async (what: string, address: string, target: (name: string) => string, count: number) => {
      const peak = await peakOfSaves(address, target, count);
      rows.push([what, `${(peak - idle).toFixed(0)} MB`]);
    };
    await add("one to a folder", archive.address, inFolder, 1);
    await add(`${AT_ONCE} at once to a folder`, archive.address, inFolder, AT_ONCE);
    await add("one of 2 GB to a folder", large.address, inFolder, 1);
    await add("one to S3", archive.address, inBucket, 1);
    await add("one of 2 GB to S3", large.address, inBucket, 1);
    rows.push(["of that, the library for S3", `${(idleBucket - idle).toFixed(0)} MB`]);
    return `## Memory of saves

Archives of ${(ARCHIVE_BYTES / 1e6).toFixed(0)} MB. Peak resident memory of a process over that of the same process that saves
nothing (${idle.toFixed(0)} MB); medians of ${ROUNDS} processes.

${table(["saves", "memory"], rows)}
`;
  } finally {
    await Promise.all([server.stop(), archive.stop(), large.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}
