/** Builds a new manifest of an archive, from the report on the archive and from facts that only its writer knows. */

import type { ArchiveReport } from "../archive/reader";
import { compact } from "../compact";
import { factsOf, restorableBy } from "./archiveFacts";
import { type Manifest, MANIFEST_SCHEMA, type ReadFacts, type StoredBytes } from "./manifest";
import { writtenBy } from "./packageVersion";

/** The facts that an archive does not contain. */
export interface Origin extends Pick<Manifest, "series" | "purpose" | "consistency"> {
  /** Default: unknown. */
  readonly datacenter?: string;
  readonly consulVersion?: string;
  /** Default: the run that saves it has no retention policy. */
  readonly retention?: true;
}

/** What a manifest has about its own writing, and about the run that saved the archive: no copy keeps it. */
type OfWriting = "schema" | "writtenBy" | "restorable" | "retention";

/** The facts that a copy keeps. One that is added to the manifest and is missing here does not compile. */
export function originOf({ series, purpose, consistency, datacenter, consulVersion }: Manifest): Origin {
  type Kept = Exclude<keyof Manifest, keyof ReadFacts | OfWriting>;
  const kept = { series, purpose, consistency, datacenter, consulVersion };
  return compact(kept satisfies Readonly<Record<Kept, unknown>>);
}

/**
 * @param location - the archive's location
 * @param encrypted - the stored object, if the archive is encrypted. Default: not encrypted
 */
export function describeArchive(
  report: ArchiveReport,
  location: string,
  { series, purpose, consistency, datacenter, consulVersion, retention, ...others }: Origin,
  encrypted?: StoredBytes,
): Manifest {
  return compact({
    schema: MANIFEST_SCHEMA,
    series,
    purpose,
    ...factsOf(report, location, encrypted),
    datacenter,
    consulVersion,
    ...others,
    restorable: restorableBy(report, consulVersion),
    consistency,
    retention,
    writtenBy,
  });
}
