/** The options of `consul-snapshot copy`. */

import type { OptionTable, OptionValues } from "../description/option";
import { decryptionOptions } from "../options/decryption";
import { encryptionOptions } from "../options/encryption";
import { formatOptions } from "../options/format";
import { sourceOptions } from "../options/source";

export const copyOptions = {
  decrypt: { doc: "store the copy decrypted" },
  recipient: { ...encryptionOptions.recipient, doc: "encrypt the copy for this age key" },
  overwrite: { doc: "replace an archive of the same name instead of failing" },
  ...sourceOptions,
  ...decryptionOptions,
  ...formatOptions,
} as const satisfies OptionTable;

export type CopyOptions = OptionValues<typeof copyOptions>;
