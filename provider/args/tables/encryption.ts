/** Who can decrypt an archive. */

import type { Table } from "./row";

export const ENCRYPTION = {
  recipients: {
    kind: { type: "list", of: { type: "string" }, nonEmpty: true },
    form: 'a list of public keys, such as ["age1…"]',
    required: true,
    option: "--recipient",
    // An identity, the secret half, is easily pasted here.
    mayHoldSecret: true,
    documentation:
      "Public keys as `age-keygen` prints them, `age1…`: the identity of any one of them decrypts the archive.",
  },
} as const satisfies Table;
