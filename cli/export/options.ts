/** The options of `consul-snapshot export`. */

import type { OptionTable, OptionValues } from "../description/option";
import { decryptionOptions } from "../options/decryption";
import { outputOptions } from "../options/output";
import { sourceOptions } from "../options/source";

export const exportOptions = {
  prefix: { value: "PREFIX", default: "", doc: "only keys that begin with this" },
  type: {
    value: "TYPE",
    choices: ["keys", "acl-policies", "config-entries", "intentions", "prepared-queries"],
    default: "keys",
    doc: "what to export",
  },
  format: {
    value: "FORMAT",
    choices: ["json"],
    default: "json",
    doc: "how to print it: always as the JSON that Consul takes",
  },
  ...outputOptions,
  ...sourceOptions,
  ...decryptionOptions,
} as const satisfies OptionTable;

export type ExportOptions = OptionValues<typeof exportOptions>;
