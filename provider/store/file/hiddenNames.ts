/** Names of helper files beside archives. Listings hide them. */

import { createHash, randomBytes } from "node:crypto";

const PARTIAL = /^\.consul-snapshot-[0-9a-f]{16}\.partial$/;
/** The file's version, as 16 hexadecimal digits of a hash, and its former name. */
const DELETING = /^\.consul-snapshot-[0-9a-f]{16}-([0-9a-f]{16})-(.+)\.deleting$/s;
/** The limit of most file systems, in bytes. */
const LONGEST_NAME = 255;

/** The name of an unfinished write. */
export function partialName(id = randomId()): string {
  return `.consul-snapshot-${id}.partial`;
}

export function isPartial(name: string): boolean {
  return PARTIAL.test(name);
}

/**
 * The name of a file while it is being deleted. It contains the version to delete and the file's former name, so that a
 * later run can finish or revert the deletion.
 */
export function deletingName(name: string, version: string): string {
  const hidden = `.consul-snapshot-${randomId()}-${hashOf(version)}-${name}.deleting`;
  // If the name would be too long, the former name is left out.
  return Buffer.byteLength(hidden) <= LONGEST_NAME
    ? hidden
    : `.consul-snapshot-${randomId()}-${hashOf(version)}-.deleting`;
}

/** @returns `undefined` for other names */
export function parseDeletingName(
  hidden: string,
): { readonly name: string; readonly isDecided: (version: string) => boolean } | undefined {
  const [, hash, name] = DELETING.exec(hidden) ?? [];
  if (hash === undefined || name === undefined) return undefined;
  return { name, isDecided: (version) => hashOf(version) === hash };
}

export function isHidden(name: string): boolean {
  return isPartial(name) || DELETING.test(name);
}

function randomId(): string {
  return randomBytes(8).toString("hex");
}

function hashOf(version: string): string {
  return createHash("sha256").update(version).digest("hex").slice(0, 16);
}
