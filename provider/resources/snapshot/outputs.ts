/** What a snapshot stores in state: its facts, and the arguments that later runs compare with. */

import type { KvReport } from "../../archive/reader";
import { compact } from "../../compact";
import type { Values } from "../../lifecycle";
import { formatLocation, parseLocation } from "../../store/location";
import type { SavedArchive } from "../../save/save";
import type { ArchiveFacts } from "../../catalog/manifest";

/** Version of the form of state; increased when old state must be read differently. */
const SCHEMA_VERSION = 1;
/** Maximum number of prefixes in outputs: a reader has no use for more. */
export const MAX_PREFIXES = 500;

/** The facts of an archive, under the names of the outputs. Unknown facts are left out, never undefined. */
export function archiveOutputs(facts: ArchiveFacts): Values {
  return compact({
    index: facts.index,
    term: facts.term,
    size: facts.size,
    version: facts.version,
    snapshotId: facts.snapshotId,
    location: facts.location,
    url: urlOf(facts.location),
    archiveSize: facts.archiveSize,
    sha256: facts.sha256,
    storedSize: facts.storedSize,
    storedSha256: facts.storedSha256,
    takenAt: facts.takenAt,
    datacenter: facts.datacenter,
    consulVersion: facts.consulVersion,
    servers: facts.servers.map((server) => ({ ...server })),
    contents: facts.contents.map((records) => ({ ...records })),
    ...(facts.restorable === undefined ? {} : { restorable: { ...facts.restorable } }),
    encrypted: facts.encrypted,
  });
}

/** A URL without the settings after its question mark; a path is returned unchanged. */
function urlOf(location: string): string {
  const place = parseLocation(location);
  return place.scheme === "file" ? location : formatLocation({ ...place, settings: new Map() });
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

export function kvOutput({ prefixes, rest }: KvReport): Values {
  return {
    prefixes: prefixes.map(({ prefix, count, size }) => ({ prefix, count, size })),
    rest: { ...rest },
  };
}
