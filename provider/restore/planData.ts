/**
 * The plan of a restore as data, in the form of docs/reference/command.md; the plugin's `planRestore` returns it, too.
 */

import { compact } from "../compact";
import { errorData } from "../errorData";
import type { Preparation } from "./prepare";
import type { Receipt } from "./receipt";

export function planData(plan: Preparation | { readonly earlier: Receipt }, runId: string): object {
  if ("earlier" in plan) {
    const { attempt, result, location } = plan.earlier;
    const { begunAt, source, sha256 } = attempt;
    return compact({
      wouldRestore: false,
      runId,
      earlier: compact({ begunAt, source, sha256, receipt: location, outcome: result?.outcome }),
    });
  }
  const { archive, cluster, guards, refusal } = plan;
  const { location, takenAt, index, datacenter, consulVersion, archiveSize, sha256, encrypted, contents } = archive;
  return compact({
    wouldRestore: refusal === undefined,
    runId,
    archive: compact({
      location,
      takenAt,
      index,
      datacenter,
      consulVersion,
      archiveSize,
      sha256,
      encrypted,
      contents,
    }),
    cluster: compact({
      address: cluster.address,
      datacenter: cluster.datacenter,
      consulVersion: cluster.consulVersion,
      serverIds: cluster.identity.serverIds,
      index: cluster.index,
      contents: cluster.contents,
    }),
    guards,
    refusal: refusal && errorData(refusal),
  });
}
