/** What only the age library can say of keys: it loads when there are some. */

import { SnapshotError } from "../errors";
import type * as encryption from "./encryption";

/**
 * @param argument - that the keys belong to; a problem's sentence begins with it
 * @param check - asks the library, and throws what is wrong
 */
export async function keyProblems(
  argument: "encryption" | "decryption",
  check: (library: typeof encryption) => Promise<void>,
): Promise<{ reason: string }[]> {
  try {
    await check(await import("./encryption.js"));
    return [];
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    return [{ reason: `${argument}: ${error.message}. ${error.hint}` }];
  }
}
