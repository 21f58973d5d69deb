/** The certificate authorities of `AWS_CA_BUNDLE`, which the AWS library for JavaScript does not read by itself. */

import { SnapshotError } from "../../errors";
import { certificateProblem } from "../../pem";
import { unreadable } from "../../systemCode";
import { readSpecifiedFileSync } from "../../specifiedFile";

/**
 * The PEM certificates in the file that `AWS_CA_BUNDLE` specifies. As with other AWS tools, they replace the well-known
 * authorities. `undefined` if the variable is not set.
 *
 * @throws SnapshotError `TARGET_INVALID` if the file cannot be used
 */
export function readCaBundle(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const path = env.AWS_CA_BUNDLE;
  if (path === undefined || path === "") return undefined;
  const bytes = readFile(path);
  const problem = certificateProblem(bytes);
  if (problem !== undefined) throw unusable(`${path} ${problem}`);
  return bytes.toString();
}

function readFile(path: string): Buffer {
  try {
    return readSpecifiedFileSync(path);
  } catch (error) {
    throw unusable(unreadable(path, error));
  }
}

function unusable(reason: string): SnapshotError {
  return new SnapshotError(
    "TARGET_INVALID",
    `AWS_CA_BUNDLE: ${reason}`,
    "Set AWS_CA_BUNDLE to a PEM file with the certificates of the authorities to trust, or unset it.",
  );
}
