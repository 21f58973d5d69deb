/** What a snapshot leaves in state: its facts, and the arguments that later runs compare with. */

import type { Values } from "../lifecycle";
import type { SavedArchive } from "../transfer/save";
import type { ArchiveFacts } from "../transfer/manifest";

/** The shape of state; raised when an old one must be read differently. */
const SCHEMA_VERSION = 1;

/** The arguments that state keeps; of `connection` only which cluster is meant. */
export const RECORDED_ARGS = [
  "triggers",
  "target",
  "overwrite",
  "deletionPolicy",
  "consistency",
  "maxStaleness",
  "inspect",
  "maxAge",
  "retention",
  "verifyOnRefresh",
  "encryption",
  "connection",
] as const;

/** The facts of an archive, under the names that a program reads. What is not known is left out, never undefined. */
export function archiveOutputs(facts: ArchiveFacts): Values {
  return {
    index: facts.index,
    term: facts.term,
    size: facts.size,
    version: facts.version,
    snapshotId: facts.snapshotId,
    location: facts.location,
    archiveSize: facts.archiveSize,
    sha256: facts.sha256,
    storedSize: facts.storedSize,
    storedSha256: facts.storedSha256,
    takenAt: facts.takenAt,
    ...(facts.datacenter === undefined ? {} : { datacenter: facts.datacenter }),
    ...(facts.consulVersion === undefined ? {} : { consulVersion: facts.consulVersion }),
    servers: facts.servers.map((server) => ({ ...server })),
    contents: facts.contents.map((records) => ({ ...records })),
    ...(facts.restorable === undefined ? {} : { restorable: { ...facts.restorable } }),
    encrypted: facts.encrypted,
  };
}

export function savedOutputs(saved: SavedArchive): Values {
  return {
    schemaVersion: SCHEMA_VERSION,
    ...archiveOutputs(saved.manifest),
    knownLeader: saved.knownLeader,
    lastContact: saved.lastContact,
    storedVersion: saved.stored.version,
    ...(saved.pruned === undefined ? {} : { kept: saved.pruned.kept, removed: saved.pruned.removed }),
    ...(saved.kv === undefined ? {} : { kv: kvOutput(saved.kv) }),
  };
}

function kvOutput({ prefixes, rest }: NonNullable<SavedArchive["kv"]>): Values {
  return {
    prefixes: prefixes.map(({ prefix, count, size }) => ({ prefix, count, size })),
    rest: { ...rest },
  };
}
