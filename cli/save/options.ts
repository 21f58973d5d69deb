/** The options of `consul-snapshot save`: what a ConsulSnapshot can do. */

import type { OptionTable, OptionValues } from "../description/option";
import { connectionOptions } from "../options/connection";
import { encryptionOptions } from "../options/encryption";
import { formatOptions } from "../options/format";
import { retentionOptions } from "../options/retention";

export const saveOptions = {
  stale: { doc: "take the state of any server, even without a leader; default: the leader's" },
  maxStaleness: {
    value: "DURATION",
    doc: "with --stale, refuse a server that heard from its leader longer ago than this, such as 30s",
  },
  overwrite: { doc: "replace an archive of the same name instead of failing" },
  ...encryptionOptions,
  series: {
    value: "SERIES",
    doc: "the series that the archive belongs to; default: consul-snapshot/command/default/save",
    argument: "series",
  },
  ...retentionOptions,
  ...formatOptions,
  ...connectionOptions,
} as const satisfies OptionTable;

export type SaveOptions = OptionValues<typeof saveOptions>;
