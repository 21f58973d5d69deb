/** Points in time as users write them. */

/**
 * Reads RFC 3339, which names its zone: `2026-11-24T00:00:00Z`. A day that its month does not have is none, though
 * JavaScript takes it for one of the next.
 */
export function parseTime(text: string): Date | undefined {
  const form = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;
  const [, year, month, day] = form.exec(text) ?? [];
  if (new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() !== Number(day)) return undefined;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
