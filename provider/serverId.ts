/**
 * The Raft ids of servers, which distinguish clusters. They are compared, stored and shown. A program that answers in place of
 * Consul can choose them.
 */

import { createHash } from "node:crypto";
import { cleanText } from "./text";

const FINGERPRINT = "sha256-";

/** The Raft id of a server: a UUID, or with Raft protocol 2 its address. @returns whether a string can be one */
export function isServerId(text: string): boolean {
  return /^[\w.:[\]%-]{1,255}$/.test(text);
}

/**
 * An id as it is compared, stored and shown: itself, or a hash of it if it is no id, or contains a secret of this process. So
 * different ids stay different, whatever is in them.
 */
export function safeServerId(id: string): string {
  return id === "" || (isServerId(id) && cleanText(id) === id) ? id : fingerprintOf(id);
}

/** Whether two lists of safe ids have one in common. What is a secret to one process need not be one to another. */
export function shareServer(one: readonly string[], other: readonly string[]): boolean {
  if (one.some((id) => other.includes(id))) return true;
  if (![...one, ...other].some(isHashedId)) return false;
  const hashed = other.map(fingerprintOf);
  return one.some((id) => hashed.includes(fingerprintOf(id)));
}

/** Whether a safe id is a hash. */
export function isHashedId(id: string): boolean {
  return id.startsWith(FINGERPRINT);
}

function fingerprintOf(id: string): string {
  return isHashedId(id) ? id : FINGERPRINT + createHash("sha256").update(id).digest("hex").slice(0, 32);
}
