/** What a snapshot leaves in state: its facts, and the arguments that later runs compare with. */

import { clusterSettings } from "../commonArgs";
import type { Sources } from "../consul/connection";
import type { Values } from "../lifecycle";
import type { SavedArchive } from "../transfer/save";
import type { ArchiveFacts } from "../transfer/manifest";
import { defined } from "../values";

/** The shape of state; raised when an old one must be read differently. */
const SCHEMA_VERSION = 1;

const RECORDED_ARGS = [
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

/**
 * The arguments as state keeps them. Of the connection only which cluster is meant: no token, key or header.
 *
 * @param sources - stack configuration, which may name the cluster as well as the arguments do
 */
export function recordedArgs(inputs: Values, sources: Sources): Values {
  const args = Object.fromEntries(RECORDED_ARGS.map((name) => [name, inputs[name]]));
  return defined({ ...args, connection: clusterSettings(inputs.connection, sources) });
}

/** State with the arguments of now in place of those before; one that was removed must not stay. */
export function withArgs(recorded: Values, inputs: Values, sources: Sources): Values {
  const facts = Object.entries(recorded).filter(([name]) => !RECORDED_ARGS.some((argument) => argument === name));
  return { ...Object.fromEntries(facts), ...recordedArgs(inputs, sources) };
}
