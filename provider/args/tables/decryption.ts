/** What decrypts an archive. */

import type { Table } from "./row";

export const DECRYPTION = {
  identities: {
    kind: { type: "list", of: { type: "string" }, nonEmpty: true },
    form: "a list of identities, AGE-SECRET-KEY-1… each",
    secret: true,
    documentation: "Identities, `AGE-SECRET-KEY-1…` each; prefer files, whose content never enters state.",
  },
  identityFiles: {
    kind: { type: "list", of: { type: "string" }, nonEmpty: true },
    form: "a list of paths",
    environment: { variable: "CONSUL_SNAPSHOT_AGE_IDENTITY_FILE" },
    option: "--identity",
    mayHoldSecret: true,
    documentation:
      "Files of identities, as `age-keygen` writes them. The variable, which names one file, applies only without `identities`.",
  },
} as const satisfies Table;
