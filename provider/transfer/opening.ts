/** Opens what a store or a file holds: an archive as Consul made it, or one encrypted in the age format. */

import { readFile } from "node:fs/promises";
import { SnapshotError } from "../errors";
import { decrypt, identitiesOf, INTRODUCTION, joined } from "./encryption";

/** Names a file of identities, as `age-keygen` writes it; it counts when none is given otherwise. */
const IDENTITY_FILE_VARIABLE = "CONSUL_SNAPSHOT_AGE_IDENTITY_FILE";

/** Where identities are. They are looked at only for an archive that is encrypted. */
export interface Decryption {
  /** `AGE-SECRET-KEY-…` each: secret, so nothing that is shown or thrown holds one. */
  readonly identities: readonly string[];
  readonly identityFiles: readonly string[];
}

/** Nothing given: the environment may still name a file. */
export const NO_DECRYPTION: Decryption = { identities: [], identityFiles: [] };

export interface Opening {
  readonly decryption: Decryption;
  /** Told once, before the first byte is given. */
  readonly whenKnown?: (encrypted: boolean) => void;
}

/**
 * The archive in a stream; its first bytes tell whether it is encrypted. Use nothing of it before its end.
 *
 * @throws SnapshotError `DECRYPTION_FAILED`, also when there is no identity; `ARGUMENT_INVALID` for a file without one;
 *   the source's own failures as they are
 */
export async function* opened(
  source: AsyncIterable<Uint8Array>,
  { decryption, whenKnown }: Opening,
): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    let head = Buffer.alloc(0);
    while (head.length < INTRODUCTION.length) {
      const next = await chunks.next();
      if (next.done === true) break;
      head = Buffer.concat([head, next.value]);
    }
    const encrypted = head.subarray(0, INTRODUCTION.length).equals(INTRODUCTION);
    whenKnown?.(encrypted);
    const whole = joined(head, chunks);
    yield* encrypted ? decrypt(whole, await identitiesFrom(decryption, process.env)) : whole;
  } finally {
    await chunks.return?.();
  }
}

async function identitiesFrom({ identities, identityFiles }: Decryption, env: NodeJS.ProcessEnv): Promise<string[]> {
  const named = env[IDENTITY_FILE_VARIABLE] ?? "";
  const files = identities.length === 0 && identityFiles.length === 0 && named !== "" ? [named] : identityFiles;
  if (identities.length === 0 && files.length === 0) {
    throw new SnapshotError(
      "DECRYPTION_FAILED",
      "it is encrypted, and no identity is given to decrypt it with",
      `Name a file of identities, as age-keygen writes it: decryption.identityFiles in a program, --identity on the command line, or ${IDENTITY_FILE_VARIABLE}.`,
    );
  }
  const read = await Promise.all(files.map(readIdentityFile));
  return [...identities, ...read.flat()];
}

async function readIdentityFile(path: string): Promise<string[]> {
  try {
    return identitiesOf(await readFile(path, "utf8"));
  } catch (error) {
    if (looksSecret(path)) {
      throw new SnapshotError(
        "ARGUMENT_INVALID",
        "an identity stands where the path of an identity file should",
        "Write it to a file that only you can read, and give the path of that.",
      );
    }
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      `the identity file ${path} cannot be read`,
      "Check its path, owner and mode.",
      error,
    );
  }
}

/** Whether this is an identity itself, which must not be shown as if it were a path. */
export function looksSecret(path: string): boolean {
  return /AGE-SECRET-KEY-/i.test(path);
}
