/**
 * The order of two pieces of a buffer, byte by byte: negative, zero or positive. Keys are short and differ early: a call of
 * `Buffer.compare` takes longer than this loop.
 */
export function compareBytes(buffer: Buffer, from: number, to: number, otherFrom: number, otherTo: number): number {
  const shorter = Math.min(to - from, otherTo - otherFrom);
  for (let i = 0; i < shorter; i++) {
    const difference = (buffer[from + i] as number) - (buffer[otherFrom + i] as number);
    if (difference !== 0) return difference;
  }
  return to - from - (otherTo - otherFrom);
}
