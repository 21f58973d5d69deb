/**
 * A run's id. Two ids that look the same are treated as equal, because the id decides whether a cluster is restored
 * again. Where they would not be equal, the id is refused: a normalization that changes would not find earlier receipts.
 */

/** In Unicode normalization form C, without white space and invisible characters at either end. */
export function normalizeRunId(text: string): string {
  return text.normalize("NFC").replace(/^[\s\p{Cc}\p{Cf}]+|[\s\p{Cc}\p{Cf}]+$/gu, "");
}

/** Why a string is not a valid run id, as a sentence; `undefined` if it is valid. */
export function runIdProblem(text: string): string | undefined {
  const plain = plainRunId(text);
  if (plain === "") return "a run id has at least one visible character";
  if (plain === normalizeRunId(text)) return undefined;
  return `the run id contains characters that are invisible or look like others: write ${JSON.stringify(plain)}`;
}

/** White space; a Braille pattern without dots looks the same. */
const BLANKS = /[\s\u2800]+/gu;
/**
 * Characters that most fonts do not show: those that Unicode lets every program ignore (variation selectors, joiners,
 * fillers, tags), control characters, marks of annotations, and halves of surrogate pairs.
 */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cs}\uFFF9-\uFFFB]/gu;

/** What an id looks like: in Unicode normalization form KC, without invisible characters, and with single blanks. */
export function plainRunId(text: string): string {
  const visible = text.normalize("NFKC").replace(BLANKS, " ").replace(INVISIBLE, "");
  return visible.normalize("NFKC").replace(BLANKS, " ").trim();
}
