/** What is asked of an argument before it is judged: whether there is anything to judge yet. */

/** Whether a value is left out, or will only be known later: a symbol stands for that, whichever the host's. */
export function absentOrUnknown(value: unknown): value is undefined | null | symbol {
  return value === undefined || value === null || typeof value === "symbol";
}
