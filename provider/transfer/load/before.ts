/** What there is before a restore: saved if that is asked for, at least read. That proves the token, too. */

import type { ArchiveReport } from "../../archive/reader";
import type { ConsulClient } from "../../consul/client";
import { SnapshotError } from "../../errors";
import { save } from "../save";
import { type Holding, holdingOf, holdingOfFacts } from "./attempt";
import { readCluster } from "./cluster";
import { refused } from "./guards";
import type { Reporter, RestoreRequest } from "./request";

export interface Before {
  readonly holding: Holding;
  readonly serverIds: readonly string[];
  readonly location?: string;
}

/** @throws SnapshotError `RESTORE_REFUSED`, `INTERRUPTED` */
export async function keepBefore(request: RestoreRequest, client: ConsulClient, reporter: Reporter): Promise<Before> {
  const { safetySnapshot, connection, organization, project, stack, name } = request;
  if (safetySnapshot === false) {
    const now = await readNow(client, reporter);
    if ("error" in now) throw refused("permission", `the cluster cannot be read: ${now.error.message}`, now.error);
    const { report } = now;
    return { holding: holdingOf(report), serverIds: report.meta.servers.map(({ id }) => id) };
  }
  try {
    const { manifest } = await save(
      {
        connection,
        consistency: "consistent",
        target: safetySnapshot.target,
        overwrite: false,
        ...(safetySnapshot.recipients === undefined ? {} : { recipients: safetySnapshot.recipients }),
        purpose: "safety",
        organization,
        project,
        stack,
        name,
      },
      reporter,
    );
    reporter.info(`what is there now was saved: ${manifest.location}`);
    return {
      holding: holdingOfFacts(manifest),
      serverIds: manifest.servers.map(({ id }) => id),
      location: manifest.location,
    };
  } catch (error) {
    if (!(error instanceof SnapshotError) || error.code === "INTERRUPTED") throw error;
    throw refused("safetySnapshot", `the safety snapshot failed: ${error.message}`, error);
  }
}

/** What the cluster holds, or why it cannot be read. */
export async function readNow(
  client: ConsulClient,
  reporter: Reporter,
): Promise<{ readonly report: ArchiveReport } | { readonly error: SnapshotError }> {
  reporter.status("reading what is there now");
  try {
    return { report: await readCluster(client) };
  } catch (error) {
    if (!(error instanceof SnapshotError) || error.code === "INTERRUPTED") throw error;
    return { error };
  }
}
