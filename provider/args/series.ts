/** The name of a series, as a user writes it. */

/** It is part of every manifest, and of messages. */
const LONGEST_SERIES = 200;

/** What is wrong with a series, to follow its name; nothing for a valid one. */
export function seriesProblem(series: string): string | undefined {
  if (series.length <= LONGEST_SERIES && /^\P{C}+$/u.test(series) && /\S/.test(series)) return undefined;
  return `must be a string of 1 to ${LONGEST_SERIES} printable characters, such as "acme/shop/prod/backup"`;
}
