/** `decryption` as a user writes it, and where its identities are. */

import { absentOrUnknown } from "../absent";
import { suggestion } from "../nearest";
import { keyProblems } from "./keyProblems";
import { type Decryption, looksSecret } from "./opening";

const KNOWN = ["identities", "identityFiles"] as const;
const FORM = 'decryption is an object, such as { identityFiles: ["/etc/consul-backup/key.txt"] }';

/**
 * Everything that is wrong with the form of `decryption`. A value that is not known yet (a symbol) is not judged; whether
 * each identity is one takes the library to say, which `identityProblems` loads. No reason holds an identity.
 *
 * @returns one sentence each, without a path: a host would print the value beside it
 */
export function checkDecryption(value: unknown): { reason: string }[] {
  if (absentOrUnknown(value)) return [];
  if (typeof value !== "object" || Array.isArray(value)) return [{ reason: FORM }];
  const given = Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== null);
  if (given.length === 0) return [{ reason: `decryption names no identity: ${FORM}` }];
  return given.flatMap(([key, inner]: [string, unknown]) => {
    const reason = problemWith(key, inner);
    return reason === undefined ? [] : [{ reason }];
  });
}

function problemWith(key: string, value: unknown): string | undefined {
  if (!KNOWN.some((known) => known === key)) {
    return `decryption.${key} is not known: ${suggestion(key, KNOWN)}`;
  }
  if (typeof value === "symbol") return undefined;
  if (
    !Array.isArray(value) ||
    !value.every((one) => typeof one === "symbol" || (typeof one === "string" && one !== ""))
  ) {
    return `decryption.${key} is a list of ${key === "identities" ? "identities, AGE-SECRET-KEY-1… each" : "paths"}`;
  }
  if (value.length === 0) return `decryption.${key} is empty: name one at least`;
  if (key === "identityFiles" && value.some((one) => typeof one === "string" && looksSecret(one))) {
    return "decryption.identityFiles holds an identity where paths should stand: give it as decryption.identities";
  }
  return undefined;
}

/** What is known of it, once `checkDecryption` has found nothing; what is absent names no identity. */
export function readDecryption(value: unknown): Decryption {
  const given = new Map<string, unknown>(absentOrUnknown(value) ? [] : Object.entries(value));
  return { identities: texts(given.get("identities")), identityFiles: texts(given.get("identityFiles")) };
}

/** What is wrong with identities whose form is right. */
export async function identityProblems({ identities }: Decryption): Promise<{ reason: string }[]> {
  if (identities.length === 0) return [];
  return keyProblems("decryption", ({ checkIdentities }) => checkIdentities(identities));
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
