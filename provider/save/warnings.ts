/** Warnings about an archive that was saved nevertheless. */

import type { Manifest } from "../catalog/manifest";
import type { ClusterFacts } from "../consul/client";
import type { Reporter } from "../reporter";
import { seconds } from "../units";
import { remark } from "../text";

/** Warn about a stale snapshot if the server last heard from its leader longer ago than this. */
const LAGGING_MS = 5000;

/** The archive is kept: a backup that may need another Consul version to restore is better than none. */
export function warnIfNotRestorable({ restorable, consulVersion, location }: Manifest, reporter: Reporter): void {
  if (restorable?.ok !== false) return;
  const verdict =
    restorable.consulVersion === consulVersion
      ? `Consul ${consulVersion} could not restore it`
      : "no known version of Consul could restore it";
  reporter.warn(remark`${location} is valid and was kept, but ${verdict}: ${restorable.reasons.join("; ")}`);
}

export function reportUnknownFacts(about: ClusterFacts, reporter: Reporter): void {
  const unknown = [
    ...(about.datacenter === undefined ? ["the datacenter"] : []),
    ...(about.consulVersion === undefined ? ["the Consul version"] : []),
  ];
  if (unknown.length === 0) return;
  const verb = unknown.length === 1 ? "is" : "are";
  reporter.info(remark`${unknown.join(" and ")} ${verb} unknown: ${about.unknownReason ?? "Consul does not say"}`);
}

export function warnIfStale(
  knownLeader: boolean,
  lastContactMs: number,
  consistency: string,
  reporter: Reporter,
): void {
  if (consistency !== "stale") return;
  if (!knownLeader) {
    reporter.warn(
      remark`the snapshot came from a server that knows no leader and last heard from one ${seconds(lastContactMs)} ago: the newest writes may be missing`,
    );
  } else if (lastContactMs >= LAGGING_MS) {
    reporter.warn(
      remark`the snapshot came from a server that last heard from its leader ${seconds(lastContactMs)} ago: the newest writes may be missing`,
    );
  }
}
