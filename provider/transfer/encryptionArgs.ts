/** `encryption` as a user writes it, and whom it names. */

import { keyProblems } from "./keyProblems";

const FORM = 'encryption is an object, such as { recipients: ["age1…"] }';

/**
 * What is wrong with the form of `encryption`, and with a target's name that says otherwise. A value that is not known yet
 * (a symbol) is not judged; whether each recipient is one takes the library to say, which `recipientProblems` loads.
 *
 * @returns one sentence each, without a path: a host would print the value beside it
 */
export function checkEncryption(encryption: unknown, target: unknown): { reason: string }[] {
  if (typeof encryption === "symbol") return [];
  if (encryption === undefined || encryption === null) {
    if (typeof target !== "string" || !/\.age(\?|$)/.test(target)) return [];
    return [{ reason: "target ends in .age, but nothing is encrypted: set encryption, or name it .snap" }];
  }
  if (!isObject(encryption)) return [{ reason: FORM }];
  const { recipients, ...others } = encryption;
  const [strange] = Object.keys(others);
  if (strange !== undefined) return [{ reason: `encryption.${strange} is not known: there is recipients` }];
  if (typeof recipients === "symbol") return [];
  if (
    !Array.isArray(recipients) ||
    !recipients.every((one: unknown) => typeof one === "symbol" || typeof one === "string")
  ) {
    return [{ reason: FORM }];
  }
  return recipients.length > 0 ? [] : [{ reason: `encryption names no recipient: ${FORM}` }];
}

/** Those that are known so far; `undefined` when nothing is encrypted. */
export function readRecipients(encryption: unknown): readonly string[] | undefined {
  if (!isObject(encryption)) return undefined;
  const { recipients } = encryption;
  return Array.isArray(recipients) ? recipients.filter((one) => typeof one === "string") : [];
}

/** What is wrong with recipients whose form is right. */
export async function recipientProblems(recipients: readonly string[] | undefined): Promise<{ reason: string }[]> {
  if (recipients === undefined || recipients.length === 0) return [];
  return keyProblems("encryption", ({ checkRecipients }) => checkRecipients(recipients));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
