/** Opens what a store or a file holds: an archive as Consul made it, or one encrypted in the age format. */

import { readFile } from "node:fs/promises";
import { SnapshotError } from "../errors";
import { decrypt, identitiesOf, INTRODUCTION, joined } from "./encryption";

/** Names a file of identities, as `age-keygen` writes it. */
export const IDENTITY_FILE_VARIABLE = "CONSUL_SNAPSHOT_AGE_IDENTITY_FILE";

export interface Opening {
  /** Where the identities are; they are read only for an archive that is encrypted. */
  readonly identityFiles: readonly string[];
  /** Told once, before the first byte is given. */
  readonly whenKnown?: (encrypted: boolean) => void;
}

/** Those given, else the one that the environment names, else none. */
export function identityFilesOf(given: readonly string[], env: NodeJS.ProcessEnv): readonly string[] {
  const named = env[IDENTITY_FILE_VARIABLE];
  return given.length > 0 || named === undefined || named === "" ? given : [named];
}

/**
 * The archive in a stream; its first bytes tell whether it is encrypted. Use nothing of it before its end.
 *
 * @throws SnapshotError `DECRYPTION_FAILED`, also when there is no identity; `ARGUMENT_INVALID` for a file without one;
 *   the source's own failures as they are
 */
export async function* opened(
  source: AsyncIterable<Uint8Array>,
  { identityFiles, whenKnown }: Opening,
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
    yield* encrypted ? decrypt(whole, await readIdentities(identityFiles)) : whole;
  } finally {
    await chunks.return?.();
  }
}

async function readIdentities(files: readonly string[]): Promise<string[]> {
  if (files.length === 0) {
    throw new SnapshotError(
      "DECRYPTION_FAILED",
      "it is encrypted, and no identity is given to decrypt it with",
      `Name a file of identities, as age-keygen writes it: ${IDENTITY_FILE_VARIABLE}, or --identity on the command line.`,
    );
  }
  const read = await Promise.all(files.map(readIdentityFile));
  return read.flat();
}

async function readIdentityFile(path: string): Promise<string[]> {
  try {
    return identitiesOf(await readFile(path, "utf8"));
  } catch (error) {
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      `the identity file ${path} cannot be read`,
      "Check its path, owner and mode.",
      error,
    );
  }
}
