/** Identities of the age format: the secret keys that decrypt a file. Nothing that is thrown or shown holds one. */

import { DECRYPTION } from "../args/tables/decryption";
import { PROGRAM_VOCABULARY, type Vocabulary } from "../args/vocabulary";
import { SnapshotError } from "../errors";
import { ARMOR_BEGIN } from "./armor";
import { readSpecifiedFile } from "../specifiedFile";
import { unreadable } from "../systemCode";

/** The path of an identity file, as `age-keygen` writes it; it is used when no identity is specified. */
const IDENTITY_FILE_VARIABLE = DECRYPTION.identityFiles.environment.variable;

/** Where identities are. They are looked at only for an archive that is encrypted. */
export interface Decryption {
  /** `AGE-SECRET-KEY-…` each. */
  readonly identities: readonly string[];
  readonly identityFiles: readonly string[];
  /** How the front end calls arguments. Default: as a program does. */
  readonly vocabulary?: Vocabulary;
}

/** Nothing is specified: the environment may still name a file. */
export const NO_DECRYPTION: Decryption = { identities: [], identityFiles: [] };

/** Whether a user has specified an identity, or the environment names a file. */
export function hasIdentity({ identities, identityFiles }: Decryption, env: NodeJS.ProcessEnv): boolean {
  return identities.length + identityFiles.length > 0 || (env[IDENTITY_FILE_VARIABLE] ?? "") !== "";
}

/**
 * All identities that a user has specified; where there are none, those of the file that the environment names.
 *
 * @throws SnapshotError `DECRYPTION_FAILED` where none is specified, `ARGUMENT_INVALID` for a file that has none
 */
export async function readIdentities(
  { identities, identityFiles, vocabulary = PROGRAM_VOCABULARY }: Decryption,
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const named = env[IDENTITY_FILE_VARIABLE] ?? "";
  const files = identities.length === 0 && identityFiles.length === 0 && named !== "" ? [named] : identityFiles;
  if (identities.length === 0 && files.length === 0) {
    const places = [vocabulary.nameOf("decryption.identityFiles"), IDENTITY_FILE_VARIABLE];
    throw new SnapshotError(
      "DECRYPTION_FAILED",
      "the archive is encrypted, and no identity is specified to decrypt it",
      `Specify an identity file, as age-keygen writes it: ${places.filter((place) => place !== undefined).join(" or ")}.`,
    );
  }
  const read = await Promise.all(files.map(readIdentityFile));
  return [...identities, ...read.flat()];
}

/**
 * The same with the content of its files: a pipe can be read only once, and a file without an identity is refused although
 * the archive may not be encrypted. The file that the environment names is read only when it is needed.
 *
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export async function loadIdentities(decryption: Decryption): Promise<Decryption> {
  if (decryption.identityFiles.length === 0) return decryption;
  const identities = await readIdentities(decryption, {});
  if (!identities.every(isPluginIdentity)) await checkIdentities(identities);
  return { ...decryption, identities, identityFiles: [] };
}

/** @throws SnapshotError `ARGUMENT_INVALID` when none is usable, or one is not an identity */
export async function checkIdentities(identities: readonly string[]): Promise<void> {
  await decrypterFor(identities);
}

/**
 * A decrypter of the age-encryption package. Identities of plugins are passed over where another one is usable, as the age
 * tool starts a plugin only for a file that needs it.
 *
 * @throws SnapshotError as `checkIdentities` does
 */
export async function decrypterFor(identities: readonly string[]) {
  const usable = identities.filter((identity) => !isPluginIdentity(identity));
  if (identities.length === 0) {
    throw invalid("there is no identity to decrypt with", "Specify one, AGE-SECRET-KEY-1…, or a file that holds one.");
  }
  if (usable.length === 0) {
    throw invalid(
      "all identities belong to age plugins, which are not supported",
      "Decrypt the archive with the age tool, and use the result; or add an identity that age-keygen has written.",
    );
  }
  const { Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  for (const [at, identity] of identities.entries()) {
    if (isPluginIdentity(identity)) continue;
    try {
      decrypter.addIdentity(identity.trim());
    } catch {
      throw invalid(`identity ${at + 1} of ${identities.length} is not an age identity`, hintFor(identity.trim()));
    }
  }
  return decrypter;
}

/** The identities of an identity file, as `age-keygen` writes it: one a line, beside empty lines and comments. */
export function identitiesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Whether this is an identity itself, which must not be shown as if it were a path. */
export function isIdentity(path: string): boolean {
  return /AGE-(SECRET-KEY|PLUGIN)-/i.test(path);
}

export function isPluginIdentity(identity: string): boolean {
  return /^\s*AGE-PLUGIN-/i.test(identity);
}

function hintFor(identity: string): string {
  if (/^age1/i.test(identity))
    return "It is a recipient, the public key: use the identity that belongs to it, AGE-SECRET-KEY-1….";
  if (identity.includes("PRIVATE KEY"))
    return "SSH keys are not supported: use an identity that age-keygen has written.";
  return "An identity is what age-keygen writes, AGE-SECRET-KEY-1…; SSH keys and passphrases are not supported.";
}

async function readIdentityFile(path: string): Promise<string[]> {
  let text: string;
  try {
    text = decodeText(await readSpecifiedFile(path));
  } catch (error) {
    if (isIdentity(path)) {
      throw invalid(
        "an identity stands where the path of an identity file should",
        "Write it to a file that only you can read, and specify the path of that file.",
      );
    }
    throw invalid(`the identity file ${unreadable(path, error)}`, "Check its path, owner and mode.", error);
  }
  if (text.startsWith("age-encryption.org/") || text.trimStart().startsWith(ARMOR_BEGIN)) {
    throw invalid(
      `the identity file ${path} is encrypted itself`,
      "Decrypt it with the age tool, and specify the result: a process substitution such as <(age --decrypt key.age) leaves no file behind.",
    );
  }
  const identities = identitiesOf(text);
  if (identities.length === 0) {
    throw invalid(`the identity file ${path} contains no identity`, "Specify a file that age-keygen has written.");
  }
  return identities;
}

/** Text in UTF-8 or UTF-16: PowerShell 5 writes `>` as UTF-16 with a byte order mark. */
function decodeText(bytes: Buffer): string {
  const [first, second] = bytes;
  if (first === 0xfe && second === 0xff)
    return Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString("utf16le", 2);
  if (first === 0xff && second === 0xfe) return bytes.toString("utf16le", 2);
  return bytes.toString("utf8").replace(/^\uFEFF/, "");
}

function invalid(message: string, hint: string, cause?: unknown): SnapshotError {
  return new SnapshotError("ARGUMENT_INVALID", message, hint, cause);
}
