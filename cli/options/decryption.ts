/** How encrypted archives are read. */

import { DECRYPTION } from "../../provider/args/tables/decryption";
import type { OptionTable } from "../description/option";

export const decryptionOptions = {
  identity: {
    value: "FILE",
    list: true,
    doc: "a file of age identities, to decrypt encrypted archives",
    environment: DECRYPTION.identityFiles.environment.variable,
    argument: "decryption.identityFiles",
  },
} as const satisfies OptionTable;
