/**
 * Compares two ranges of a buffer byte by byte; the result is negative, zero or positive. Keys are short and differ early, so
 * this loop is faster than a call of `Buffer.compare`.
 */
export function compareBytes(buffer: Buffer, from: number, to: number, otherFrom: number, otherTo: number): number {
  const shorter = Math.min(to - from, otherTo - otherFrom);
  for (let i = 0; i < shorter; i++) {
    const difference = (buffer[from + i] as number) - (buffer[otherFrom + i] as number);
    if (difference !== 0) return difference;
  }
  return to - from - (otherTo - otherFrom);
}
