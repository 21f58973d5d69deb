/** The options of `consul-snapshot restore`. */

import type { OptionTable, OptionValues } from "../description/option";
import { connectionOptions } from "../options/connection";
import { decryptionOptions } from "../options/decryption";
import { encryptionOptions } from "../options/encryption";
import { formatOptions } from "../options/format";
import { sourceOptions } from "../options/source";

export const restoreOptions = {
  safetySnapshot: {
    value: "TARGET",
    doc: 'where the current state is saved first: a folder, a URL, or "none", which loses it; required without --plan',
    argument: "safetySnapshot.target",
  },
  recipient: {
    ...encryptionOptions.recipient,
    doc: "encrypt the safety snapshot for this age key",
    argument: "safetySnapshot.encryption.recipients",
  },
  plan: { doc: "show what would happen, and change nothing" },
  diff: { doc: "with --plan: also show each record that would change" },
  yes: { doc: "do not ask for the datacenter's name" },
  allow: { value: "GUARD", list: true, doc: "override a guard, by the name in its refusal", argument: "allow" },
  sha256: { value: "HASH", doc: "restore only an archive with this SHA-256, as Consul made it", argument: "sha256" },
  cluster: {
    value: "ID",
    doc: "restore only the cluster that has the server of this Raft id, as a plan prints it",
    argument: "cluster",
  },
  strict: { doc: "treat the outcome drift as a failure", argument: "strict" },
  ...sourceOptions,
  ...decryptionOptions,
  runId: {
    value: "ID",
    doc: "an id that restores once: if it is used again, the result is only read back; without it each run has a new id",
    argument: "runId",
  },
  validUntil: {
    value: "TIME",
    doc: "do not begin after this time, such as 2026-11-24T00:00:00Z",
    argument: "validUntil",
  },
  tokenAfterRestoreFile: {
    value: "FILE",
    doc: "a file that contains a token of the archive's cluster, to read the result back if the current token stops working",
    argument: "tokenAfterRestore",
  },
  ...formatOptions,
  ...connectionOptions,
} as const satisfies OptionTable;

/** What may be absent has its default. */
export type RestoreOptions = Partial<OptionValues<typeof restoreOptions>>;
