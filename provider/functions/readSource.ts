/** Reads the archive at a function's `source`, a path or URL, to its last byte. */

import { loadIdentities } from "../age/identities";
import type { ReadOptions } from "../archive/readWhole";
import { checkIdentityPlaces, identityProblems, readDecryption } from "../args/decryption";
import { findArchive, type FoundArchive, type ReadArchive, readStoredArchive } from "../catalog/storedArchive";
import { compact } from "../compact";
import type { Problem, Values } from "../lifecycle";
import type { Reporter } from "../reporter";
import { sourceProblems } from "../resources/restore/args";
import { withStore } from "../store/backends";
import { parseSource } from "../store/location";
import { holdsUnknown } from "../values";

/** An archive, and the result of reading it. */
export interface SourceRead extends FoundArchive, ReadArchive {}

/** Problems with `source` and `decryption`, apart from their kinds. */
export async function checkSource(inputs: Values): Promise<readonly Problem[]> {
  const { decryption } = inputs;
  const places = [...sourceProblems(inputs), ...checkIdentityPlaces(decryption)];
  if (places.length > 0 || holdsUnknown(decryption)) return places;
  return identityProblems(readDecryption(decryption));
}

/** The source as the inputs specify it. */
export function sourceOf({ source }: Values): string {
  return typeof source === "string" ? source : "";
}

/**
 * @param inputs - inputs in which `checkSource` has found no problem
 * @throws SnapshotError `ARCHIVE_*`, `STORE_*`, `DECRYPTION_FAILED`, `ARGUMENT_INVALID` for an identity file without an identity
 */
export async function readSource(
  inputs: Values,
  { signal }: Reporter,
  options: Pick<ReadOptions, "kv" | "acceptStateSize"> = {},
): Promise<SourceRead> {
  const place = parseSource(sourceOf(inputs));
  const identities = await loadIdentities(readDecryption(inputs.decryption));
  return withStore(place, async (store) => {
    const found = await findArchive(store, place, signal);
    const read = await readStoredArchive(store, found.object, compact({ decryption: identities, signal, ...options }));
    return { ...found, ...read };
  });
}
