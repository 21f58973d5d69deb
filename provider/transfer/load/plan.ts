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

const NOT_BEGUN = told("receipt", "this run has not begun before");

/** What a restore of this run would do: nothing where it has begun before. */
export type Plan = Outlook | { readonly earlier: Receipt };

/** Everything that would be restored, where, and whether it would be. */
export interface Outlook {
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
}

/**
 * Reads everything and changes nothing: the archive from its first byte to its last, the cluster's state once.
 *
 * @throws SnapshotError when the archive is not sound or cannot be read, or the cluster cannot be asked; Unsettled when
 *   this run has begun, and it cannot be told whether that was on this cluster
 */
export async function plan(request: RestoreRequest, reporter: Reporter): Promise<Plan> {
  return withParts(request, reporter, async (parts) => {
    const { client } = parts;
    const { earlier, serverIds } = await findEarlier(request, parts, reporter);
    // Guards tell of what would be restored, and the cluster may not know the token any more.
    if (earlier !== undefined) return { earlier };
    return withSource(request, reporter, async (source) => {
      const { archive, cluster, guards, report } = await survey(request, source, client, serverIds, reporter);
      const { address, datacenter, consulVersion, sight } = cluster;
      const now = sight.leader === undefined ? undefined : await readNow(client, reporter);
      const all = [...guards, ...aboutNow(report, now), aboutSaving(request), NOT_BEGUN];
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
