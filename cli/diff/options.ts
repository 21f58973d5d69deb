/** The options of `consul-snapshot diff`. */

import type { OptionTable, OptionValues } from "../description/option";
import { connectionOptions } from "../options/connection";
import { decryptionOptions } from "../options/decryption";
import { formatOptions } from "../options/format";
import { sourceOptions } from "../options/source";

export const diffOptions = {
  values: { doc: "also show values; secrets of ACLs, of the CA and of peerings are never shown" },
  type: {
    value: "TYPE",
    list: true,
    doc: "compare only records of this type, such as KVS or ConfigEntry; each difference then counts",
  },
  ignoreIndexes: { doc: "compare without Raft indexes, as for archives of different clusters" },
  summary: { doc: "print only how many records of each type differ" },
  ...sourceOptions,
  ...decryptionOptions,
  ...formatOptions,
  ...connectionOptions,
} as const satisfies OptionTable;

export type DiffCommandOptions = OptionValues<typeof diffOptions>;
