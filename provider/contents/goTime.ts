/** Decodes Go's binary times: a version, seconds since the year 1, nanoseconds, the offset of the time zone in minutes. */

const VERSION_1 = 1;
const VERSION_1_BYTES = 15;
/** The Unix epoch, in seconds since the year 1. */
const UNIX_EPOCH = 62_135_596_800n;
/** The range of ISO times with four-digit years, in seconds since 1970. */
const LEAST = -62_135_596_800n;
const MOST = 253_402_300_799n;

/**
 * @returns RFC 3339 in UTC with milliseconds; `undefined` if the bytes are not a time
 */
export function goTime(bytes: Buffer): string | undefined {
  if (bytes.length !== VERSION_1_BYTES || bytes[0] !== VERSION_1) return undefined;
  const seconds = bytes.readBigInt64BE(1) - UNIX_EPOCH;
  const nanoseconds = bytes.readUInt32BE(9);
  if (seconds < LEAST || seconds > MOST || nanoseconds > 999_999_999) return undefined;
  return new Date(Number(seconds) * 1000 + Math.floor(nanoseconds / 1_000_000)).toISOString();
}
