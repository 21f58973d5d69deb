/** Keys that the AWS library finds by itself, for example in a profile, as secrets: a server could echo them. */

import { registerSecret } from "../../text";
import type { AwsKeys } from "../cloudSdks";

/** As for environment variables. Keys of emulators are shorter words, such as `test`, which names contain, too. */
const SHORTEST = 8;

export function registerKeys({ secretAccessKey, sessionToken }: AwsKeys): void {
  for (const secret of [secretAccessKey, sessionToken ?? ""]) if (secret.length >= SHORTEST) registerSecret(secret);
}
