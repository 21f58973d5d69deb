/** What only the age library knows about keys: it is loaded when there are some. */

import { SnapshotError } from "../errors";
import type { ArgumentProblem } from "./kinds";

/**
 * @param argument - the argument that contains the keys; the reason begins with it
 * @param check - asks the library, and throws what is wrong
 */
export async function keyProblems(
  argument: "encryption" | "decryption",
  check: () => Promise<void>,
): Promise<ArgumentProblem[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    return [{ reason: `${argument}: ${error.message}. ${error.hint}` }];
  }
}
