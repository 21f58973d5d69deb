/** Times of some work at places with 1,000 and 5,000 archives: in a folder, and in a bucket on versitygw. */

import { versitygw } from "../tests/support/stores/s3";
import { fillPlace, type FilledPlace } from "./filledPlace";
import { median, ms, table } from "./lib";

const ROUNDS = 5;
const COUNTS = [1000, 5000] as const;

/** For the text above the table. */
export const CONDITIONS = `Medians of ${ROUNDS} rounds. The bucket is on versitygw on this machine.`;

/** Does the work once; returns its time in milliseconds. */
type TimeOf = (place: FilledPlace, count: number) => Promise<number>;

/**
 * @param folder - where the places in folders are made
 * @param works - by what stands behind the number of archives in their rows
 * @returns the table
 */
export async function placeTimes(folder: string, works: Readonly<Record<string, TimeOf>>): Promise<string> {
  const server = await versitygw.start();
  Object.assign(process.env, server.env);
  const places: FilledPlace[] = [];
  try {
    const rows: string[][] = [];
    for (const count of COUNTS) {
      const inFolder = await fillPlace(`${folder}/${count}/`, count);
      const inBucket = await fillPlace(server.url(`${count}/`), count);
      places.push(inFolder, inBucket);
      for (const [what, timeOf] of Object.entries(works)) {
        const times: { folder: number; bucket: number }[] = [];
        for (let round = -1; round < ROUNDS; round++) {
          const time = { folder: await timeOf(inFolder, count), bucket: await timeOf(inBucket, count) };
          // The first round fills caches and is not counted.
          if (round >= 0) times.push(time);
        }
        const [one, other] = [median(times.map((t) => t.folder)), median(times.map((t) => t.bucket))];
        rows.push([count.toLocaleString("en") + what, ms(one), each(one, count), ms(other), each(other, count)]);
      }
    }
    return table(["archives", "folder", "an archive", "bucket", "an archive"], rows);
  } finally {
    for (const { store } of places) store.close();
    await server.stop();
  }
}

/** The time of one of `count`. */
export function each(time: number, count: number): string {
  const microseconds = (time * 1000) / count;
  return `${microseconds < 10 ? microseconds.toFixed(2) : microseconds.toFixed(0)} µs`;
}
