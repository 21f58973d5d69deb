/** `encryption` as a program writes it, and its recipients. */

import { checkRecipients } from "../age/recipients";
import { keyProblems } from "./ageKeys";
import { type ArgumentProblem, readRows } from "./kinds";
import { ENCRYPTION } from "./tables/encryption";

/** That the name of a target promises encryption, and there is none. */
export function checkEncryptedName(encryption: unknown, target: unknown): ArgumentProblem[] {
  if ((encryption ?? undefined) !== undefined) return [];
  if (typeof target !== "string" || !/\.age(\?|$)/.test(target)) return [];
  return [{ reason: "target ends in .age, but nothing is encrypted: set encryption, or name it .snap" }];
}

/** The recipients that are known so far; `undefined` when nothing is encrypted. */
export function readRecipients(encryption: unknown): readonly string[] | undefined {
  if (typeof encryption !== "object" || encryption === null) return undefined;
  return readRows(ENCRYPTION, encryption).recipients ?? [];
}

/** What is wrong with recipients whose form is right: only the age library knows, which this loads. */
export async function recipientProblems(recipients: readonly string[] | undefined): Promise<ArgumentProblem[]> {
  if (recipients === undefined || recipients.length === 0) return [];
  return keyProblems("encryption", () => checkRecipients(recipients));
}
