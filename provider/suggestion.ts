/** For "did you mean": which known name is closest to a mistyped one. */

import { cleanText } from "./text";

/** The nearest of `known`; `undefined` if none is near enough to be a typing error. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best !== undefined && best.distance <= mostMistakes(name)) return best.candidate;
  const longer = name.length < SHORTEST_BEGINNING ? [] : known.filter((candidate) => candidate.startsWith(name));
  return longer.length === 1 ? longer[0] : undefined;
}

/** Minimum length of an incomplete name that is matched by its beginning. */
const SHORTEST_BEGINNING = 3;

/** Short names allow fewer mistakes, because they differ in few characters. */
function mostMistakes({ length }: string): number {
  return length < 5 ? 1 : Math.max(2, Math.floor(length / 3));
}

/** The end of a sentence about an unknown name: the nearest known name, or all of them. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? `known are ${known.join(", ")}` : `did you mean ${near}?`;
}

/** A word, or words: unlike tokens and keys, names have hardly any digits. */
const NAME = /^-?[a-z][a-z_.-]{0,38}\d?$/i;

/**
 * An unknown name as it is shown. A mistyped file may have a token where a name belongs, so what neither resembles a
 * known name nor looks like one is not shown.
 */
export function shownName(name: string, known: readonly string[]): string {
  return NAME.test(name) || nearest(name, known) !== undefined ? cleanText(name, 60) : "a name that may be a secret";
}

/** The Damerau-Levenshtein distance: the number of mistyped, missing, extra or swapped characters. */
function distance(a: string, b: string): number {
  const [charsA, charsB] = [Array.from(a), Array.from(b)];
  let before: number[] = [];
  let row = Array.from({ length: charsB.length + 1 }, (_, at) => at);
  for (const [i, charA] of charsA.entries()) {
    const next = [i + 1];
    for (const [j, charB] of charsB.entries()) {
      const isSwapped = i > 0 && j > 0 && charA === charsB[j - 1] && charsA[i - 1] === charB;
      next.push(
        Math.min(
          (next[j] ?? 0) + 1,
          (row[j + 1] ?? 0) + 1,
          (row[j] ?? 0) + (charA === charB ? 0 : 1),
          isSwapped ? (before[j - 1] ?? 0) + 1 : Infinity,
        ),
      );
    }
    [before, row] = [row, next];
  }
  return row.at(-1) ?? 0;
}
