/** How a new archive is encrypted. */

import type { OptionTable } from "../description/option";

export const encryptionOptions = {
  recipient: {
    value: "age1…",
    list: true,
    doc: "encrypt the snapshot for this age key",
    argument: "encryption.recipients",
  },
} as const satisfies OptionTable;
