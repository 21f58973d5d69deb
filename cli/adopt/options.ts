/** The options of `consul-snapshot adopt`. */

import type { OptionTable, OptionValues } from "../description/option";
import { decryptionOptions } from "../options/decryption";
import { formatOptions } from "../options/format";

export const adoptOptions = {
  series: {
    value: "SERIES",
    required: true,
    doc: "the series that the archives belong to from then on",
    argument: "series",
  },
  ...decryptionOptions,
  ...formatOptions,
} as const satisfies OptionTable;

export type AdoptOptions = OptionValues<typeof adoptOptions>;
