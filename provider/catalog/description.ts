/** Builds the manifest of an archive from the report on the archive and from facts that only its writer knows. */

import type { ArchiveReport } from "../archive/reader";
import { compact } from "../compact";
import { factsOf, restorableBy } from "./facts";
import { type Manifest, MANIFEST_SCHEMA, type StoredBytes } from "./manifest";
import { writtenBy } from "./packageVersion";

/** The facts that an archive does not contain. */
export interface Origin extends Pick<Manifest, "series" | "purpose" | "consistency"> {
  /** Default: unknown. */
  readonly datacenter?: string;
  readonly consulVersion?: string;
  /** Default: the run that saves it has no retention policy. */
  readonly retention?: true;
}

/**
 * @param location - the archive's location
 * @param encrypted - the stored object, if the archive is encrypted. Default: not encrypted
 */
export function describeArchive(
  report: ArchiveReport,
  location: string,
  { series, purpose, consistency, datacenter, consulVersion, retention }: Origin,
  encrypted?: StoredBytes,
): Manifest {
  return compact({
    schema: MANIFEST_SCHEMA,
    series,
    purpose,
    ...factsOf(report, location, encrypted),
    datacenter,
    consulVersion,
    restorable: restorableBy(report, consulVersion),
    consistency,
    retention,
    writtenBy,
  });
}
