/** Recipients of the age format: the public keys that a file is encrypted for. */

import { SnapshotError } from "../errors";

/**
 * Whitespace around a recipient is ignored: it may have been read from a file.
 *
 * @throws SnapshotError `ARGUMENT_INVALID` if there is no recipient, or an invalid one
 */
export async function checkRecipients(recipients: readonly string[]): Promise<void> {
  await encrypterFor(recipients);
}

/** An encrypter of the age-encryption package. @throws SnapshotError as `checkRecipients` does */
export async function encrypterFor(recipients: readonly string[]) {
  if (recipients.length === 0) {
    throw invalid("encryption names no recipient", "Name at least one: age-keygen prints it as the public key, age1….");
  }
  const { Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  for (const [at, recipient] of recipients.entries()) {
    const trimmed = recipient.trim();
    try {
      encrypter.addRecipient(trimmed);
    } catch {
      throw invalid(`recipient ${at + 1} of ${recipients.length} is not an age recipient`, hintFor(trimmed));
    }
  }
  return encrypter;
}

function hintFor(recipient: string): string {
  if (/AGE-(SECRET-KEY|PLUGIN-[^\s]*?)-1/i.test(recipient)) {
    return "It is an identity, which is secret: use its public key, age1…, and keep the identity out of the program.";
  }
  if (/[\r\n]/.test(recipient))
    return "It has several lines: make each line that begins with age1 a recipient of its own.";
  if (recipient.startsWith("ssh-")) return "SSH keys are not supported: make a key pair with age-keygen.";
  if (/^age1[a-z0-9-]+1/.test(recipient))
    return "Recipients of age plugins are not supported: use one that age-keygen prints.";
  return "A recipient is a public key that age-keygen prints, age1….";
}

function invalid(message: string, hint: string): SnapshotError {
  return new SnapshotError("ARGUMENT_INVALID", message, hint);
}
