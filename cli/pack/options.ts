/** The options of `consul-snapshot pack`. */

import type { OptionTable, OptionValues } from "../description/option";
import { encryptionOptions } from "../options/encryption";
import { formatOptions } from "../options/format";

export const packOptions = {
  overwrite: { doc: "replace an archive of the same name" },
  recipient: { ...encryptionOptions.recipient, doc: "encrypt the archive for this age key" },
  series: {
    value: "SERIES",
    doc: "the series that the archive belongs to; default: consul-snapshot/command/HOST/pack, with this machine's name",
    argument: "series",
  },
  ...formatOptions,
} as const satisfies OptionTable;

export type PackOptions = OptionValues<typeof packOptions>;
