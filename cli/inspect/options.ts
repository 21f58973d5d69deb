/** The options of `consul-snapshot inspect`: Consul's own, and `--full`. */

import type { OptionTable } from "../description/option";
import { decryptionOptions } from "../options/decryption";
import { formatOptions } from "../options/format";
import { sourceOptions } from "../options/source";

export const inspectOptions = {
  ...formatOptions,
  kvdetails: { doc: "list keys by prefix, at most 200,000 prefixes" },
  kvdepth: { value: "N", default: "2", doc: "how many segments of a key are a prefix" },
  kvfilter: { value: "PREFIX", default: "", doc: "count only keys that begin with this" },
  full: {
    doc: "also print checksums, digests of the records, the servers, and which versions of Consul can restore the archive",
  },
  ...sourceOptions,
  ...decryptionOptions,
} as const satisfies OptionTable;
