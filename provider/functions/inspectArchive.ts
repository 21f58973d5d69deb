/** What is in an archive: the facts of a ConsulSnapshot's outputs, and which versions of Consul can restore it. */

import { requireDecodable } from "../archive/decodable";
import { problemsOnNewest, restoredBy } from "../archive/restorable";
import { factsOf, isManifestOf, restorableBy } from "../catalog/archiveFacts";
import { compact } from "../compact";
import { isRecord } from "../lifecycle";
import { readInspect } from "../resources/snapshot/args";
import { archiveOutputs, kvOutput, MAX_PREFIXES } from "../resources/snapshot/outputs";
import { checkSource, readSource } from "./readSource";
import type { Work } from "./work";

export const inspectArchive: Work = {
  check: checkSource,
  async run(inputs, context) {
    const { inspect } = inputs;
    const kv = isRecord(inspect) ? { ...readInspect(inspect), maxPrefixes: MAX_PREFIXES } : undefined;
    // Like `consul snapshot inspect`; `problems` says that a restore of such an archive fails.
    const read = await readSource(inputs, context, compact({ kv, acceptStateSize: true }));
    const { report, encrypted, location, object, manifest } = read;
    requireDecodable(report.state);
    const own = manifest !== undefined && isManifestOf(manifest, report, object.size) ? manifest : undefined;
    const about = compact({
      datacenter: own?.datacenter,
      consulVersion: own?.consulVersion,
      restorable: own?.consulVersion === undefined ? undefined : restorableBy(report, own.consulVersion),
    });
    return compact({
      ...archiveOutputs({ ...factsOf(report, location, encrypted), ...about }),
      kv: report.state.kv && kvOutput(report.state.kv),
      series: own?.series,
      purpose: own?.purpose,
      lastIndex: report.state.lastIndex,
      restoredBy: restoredBy(report),
      problems: problemsOnNewest(report).map(({ message }) => message),
    });
  },
};
