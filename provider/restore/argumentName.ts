/** How messages of a restore call its arguments: each front end that restores has them all. */

import type { ArgumentPath, Vocabulary } from "../args/vocabulary";

/** Such as `runId` or `--run-id`. */
export function argumentName(
  { vocabulary }: { readonly vocabulary: Vocabulary },
  argument: Exclude<ArgumentPath, `connection.${string}`>,
): string {
  return vocabulary.nameOf(argument) ?? argument;
}
