/** What a restore would do, for a person to read before it does it. */

import type { ArchiveReport } from "../../archive/reader";
import type { SnapshotError } from "../../errors";
import { formatLocation } from "../../store/location";
import { factsOf } from "../facts";
import type { ArchiveFacts, RecordCount } from "../manifest";
import { readNow } from "./before";
import { aboutIndex, type Guard, refusalOf, told } from "./guards";
import { findEarlier, withParts, withSource } from "./parts";
import type { Receipt } from "./receipt";
import type { Reporter, RestoreRequest } from "./request";
import { survey } from "./survey";

/** Everything that would be restored, where, and whether it would be. */
export interface Plan {
  readonly archive: ArchiveFacts;
  readonly cluster: {
    /** Free of secrets. */
    readonly address: string;
    readonly datacenter?: string;
    readonly consulVersion?: string;
    /** Raft index and contents of now. */
    readonly index?: number;
    readonly contents?: readonly RecordCount[];
  };
  /** In the order in which they are looked at. */
  readonly guards: readonly Guard[];
  /** Why it would not be restored, if it would not. */
  readonly refusal?: SnapshotError;
  /** A restore of this run that has begun before; with its result, if that is known. */
  readonly earlier?: Receipt;
}

/**
 * Reads everything and changes nothing: the archive from its first byte to its last, the cluster's state once.
 *
 * @throws SnapshotError when the archive is not sound or cannot be read, or the cluster cannot be asked
 */
export async function plan(request: RestoreRequest, reporter: Reporter): Promise<Plan> {
  return withParts(request, reporter, async (parts) => {
    const { client } = parts;
    const { earlier, serverIds } = await findEarlier(request, parts, reporter);
    return withSource(request, reporter, async (source) => {
      const { archive, cluster, guards, report } = await survey(request, source, client, serverIds, reporter);
      const { address, datacenter, consulVersion, sight } = cluster;
      const now = sight.leader === undefined ? undefined : await readNow(client, reporter);
      const all = [...guards, ...aboutNow(report, now), aboutSaving(request), aboutEarlier(earlier)];
      const refusal = refusalOf(all);
      return {
        archive,
        cluster: {
          address,
          ...(datacenter === undefined ? {} : { datacenter }),
          ...(consulVersion === undefined ? {} : { consulVersion }),
          ...(now !== undefined && "report" in now
            ? { index: now.report.meta.index, contents: factsOf(now.report, "").contents }
            : {}),
        },
        guards: all,
        ...(refusal === undefined ? {} : { refusal }),
        ...(earlier === undefined ? {} : { earlier }),
      };
    });
  });
}

function aboutNow(archive: ArchiveReport, now: Awaited<ReturnType<typeof readNow>> | undefined): Guard[] {
  if (now === undefined) return [];
  if ("report" in now) return [told("index", aboutIndex(archive, now.report.meta.index))];
  return [{ ...told("permission", now.error.message), ok: false, advice: now.error.hint }];
}

function aboutSaving({ safetySnapshot }: RestoreRequest): Guard {
  if (safetySnapshot === false) return told("safetySnapshot", "what is there now is not saved");
  return told("safetySnapshot", `what is there now is saved first: ${formatLocation(safetySnapshot.target)}`);
}

function aboutEarlier(earlier: Receipt | undefined): Guard {
  if (earlier === undefined) return told("receipt", "this run has not begun before");
  const then = earlier.result === undefined ? "it is read back, and nothing is restored" : "nothing is restored again";
  return told("receipt", `this run has begun at ${earlier.begunAt}: ${then}`);
}
