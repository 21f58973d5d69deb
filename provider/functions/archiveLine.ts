/** An archive of a listing in one line. */

import type { ListedArchive } from "../catalog/list";
import { stateOf } from "../catalog/listedArchiveData";
import { cleanText } from "../text";
import { megabytes } from "../units";

/** The longest line, in characters: a series can be long. */
const LONGEST = 1000;

/** Such as `2026-11-23T21:30:51.610Z, index 1182, 2.3 kB, Consul 1.13.9, backup, restorable, series acme/shop/prod/backup`. */
export function archiveLine(listed: ListedArchive): string {
  const { manifest, archive } = listed;
  const { takenAt, index, consulVersion, purpose, encrypted, series } = manifest;
  const facts = [
    takenAt,
    `index ${index}`,
    megabytes(archive.size),
    `Consul ${consulVersion ?? "unknown"}`,
    purpose,
    stateOf(listed),
    ...(encrypted ? ["encrypted"] : []),
    `series ${series}`,
  ];
  return cleanText(facts.join(", "), LONGEST);
}
