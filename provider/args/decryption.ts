/** `decryption` as a program writes it, and where its identities are. */

import { checkIdentities, type Decryption, isIdentity } from "../age/identities";
import { keyProblems } from "./ageKeys";
import { absentOrUnknown, type ArgumentProblem, checkRow, formOf, readRows } from "./kinds";
import { DECRYPTION } from "./tables/decryption";
import { RESTORE } from "./tables/restore";

/**
 * Everything that is wrong with the form of `decryption`. Unknown values (symbols) are not judged. Whether each identity is
 * valid is for the age library to say, which `identityProblems` loads. No reason contains an identity.
 */
export function checkDecryption(value: unknown): ArgumentProblem[] {
  return [...checkRow("decryption", RESTORE.decryption, value), ...checkIdentityPlaces(value)];
}

/** What is wrong with a `decryption` whose form is right: it has no identity, or one in place of a path. */
export function checkIdentityPlaces(value: unknown): ArgumentProblem[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  if (Object.values(value).every((inner) => inner === undefined || inner === null)) {
    return [{ reason: `decryption specifies no identity: it must be ${formOf(RESTORE.decryption)}` }];
  }
  if (readRows(DECRYPTION, value).identityFiles?.some(isIdentity) !== true) return [];
  return [
    { reason: "decryption.identityFiles contains an identity in place of a path: specify it in decryption.identities" },
  ];
}

/** The identities that are known, once `checkDecryption` has found no problem. */
export function readDecryption(value: unknown): Decryption {
  const { identities, identityFiles } = readRows(DECRYPTION, absentOrUnknown(value) ? {} : value);
  return { identities: identities ?? [], identityFiles: identityFiles ?? [] };
}

/** What is wrong with identities whose form is right. */
export async function identityProblems({ identities }: Decryption): Promise<ArgumentProblem[]> {
  if (identities.length === 0) return [];
  return keyProblems("decryption", () => checkIdentities(identities));
}
