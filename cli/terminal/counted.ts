import { type CleanText, sentence } from "../../provider/text";

/** A number with its noun: `1 manifest`, `2 manifests`. */
export function counted(count: number, noun: string): CleanText {
  return sentence`${count} ${noun}${count === 1 ? "" : "s"}`;
}
