/** Times as Go writes them in binary: a version, seconds since the year 1, nanoseconds, the minutes of the time zone. */

const VERSION_1 = 1;
const VERSION_1_BYTES = 15;
/** Seconds from the year 1 to 1970. */
const UNIX_EPOCH = 62_135_596_800n;
/** The years that an ISO time of four digits has, in seconds from 1970. */
const LEAST = -62_135_596_800n;
const MOST = 253_402_300_799n;

/**
 * @returns RFC 3339 in UTC with milliseconds; nothing where the bytes are no time
 */
export function goTime(bytes: Buffer): string | undefined {
  if (bytes.length !== VERSION_1_BYTES || bytes[0] !== VERSION_1) return undefined;
  const seconds = bytes.readBigInt64BE(1) - UNIX_EPOCH;
  const nanoseconds = bytes.readUInt32BE(9);
  if (seconds < LEAST || seconds > MOST || nanoseconds > 999_999_999) return undefined;
  return new Date(Number(seconds) * 1000 + Math.floor(nanoseconds / 1_000_000)).toISOString();
}
