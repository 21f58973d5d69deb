/** What a restore would change, record by record: the current state of the cluster beside the archive of the plan. */

import { diffArchives } from "../../provider/contents/diff";
import type { Preparation } from "../../provider/restore/prepare";
import { requireStateOf } from "../../provider/restore/sameCluster";
import type { Session } from "../../provider/restore/session";
import { DifferencesJson } from "../differences/differencesJson";
import { DifferenceText } from "../differences/differenceText";
import { printDifferences } from "../differences/printDifferences";
import type { Output } from "../terminal/output";
import type { Progress } from "../terminal/progress";
import { composed } from "../../provider/text";
import { shown } from "../terminal/rows";

const HEADING = composed`\nRecords: + comes back, - is lost, ~ changes\n\n`;

/**
 * @param session - of a plan, whose archive was verified
 * @param cluster - that the plan is about
 * @param plan - as data, where JSON is wanted: the differences are part of the same document
 * @throws SnapshotError `ARCHIVE_*`, `STATE_UNDECODABLE`, `STORE_*`, `CONSUL_*`, `INTERRUPTED`; `RESTORE_REFUSED` if another
 *   cluster answers
 */
export async function printPlanDifferences(
  session: Session,
  cluster: Preparation["cluster"],
  plan: object | undefined,
  output: Output,
  progress: Progress,
): Promise<void> {
  const archive = await session.source();
  const differences = diffArchives(
    {
      label: "the current state",
      open: () => currentState(session),
      confirm: ({ meta }) => requireStateOf(cluster.identity, meta, cluster.address),
    },
    { label: shown(archive.location), open: () => archive.bytes() },
    { reading: ({ label }) => progress.status({ phase: "readingArchive", location: label }) },
  );
  const printer = plan === undefined ? new DifferenceText(false) : new DifferencesJson(plan, false);
  await printDifferences(differences, printer, output, () => {
    progress.end();
    if (plan === undefined) output.write(HEADING);
  });
}

async function* currentState({ client }: Session): AsyncGenerator<Uint8Array> {
  const { body } = await client.snapshot({ consistency: "consistent" });
  yield* body;
}
