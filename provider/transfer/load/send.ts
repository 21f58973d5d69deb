/** The archive on its way to Consul. */

import type { ArchiveReport } from "../../archive/reader";
import type { ConsulClient } from "../../consul/client";
import { SnapshotError } from "../../errors";
import { megabytes, seconds, sparing } from "../progress";
import type { Reporter } from "./request";
import type { Source } from "./source";

export interface Sent {
  /** Why Consul did not say that it is done; nothing where it did. */
  readonly answer?: SnapshotError;
  /** Whether the server may have something of the archive, and whether it may have all of it. */
  readonly sentAny: boolean;
  readonly sentAll: boolean;
}

/** Sends the archive, once. */
export async function send(
  source: Source,
  report: ArchiveReport,
  client: ConsulClient,
  reporter: Reporter,
): Promise<Sent> {
  const total = megabytes(report.archiveSize);
  const show = sparing((message) => reporter.status(message));
  let sent = 0;
  let failure: SnapshotError | undefined;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of source.bytes(report)) {
        sent += chunk.length;
        yield chunk;
        show(() => `restoring: ${megabytes(sent)} of ${total} sent`);
      }
    } catch (error) {
      if (error instanceof SnapshotError) failure = error;
      throw error;
    }
  }
  const begun = Date.now();
  reporter.status(`restoring: ${megabytes(sent)} of ${total} sent`);
  const isSent = (): boolean => sent === report.archiveSize;
  const timer = setInterval(() => {
    if (isSent()) reporter.status(`waiting for Consul to restore: ${seconds(Date.now() - begun)}`);
  }, 1000);
  try {
    const answer = await client.restore({ bytes: bytes(), size: report.archiveSize });
    // What went wrong here tells more than what the server makes of it.
    const first = failure ?? answer;
    return { ...(first === undefined ? {} : { answer: first }), sentAny: sent > 0, sentAll: isSent() };
  } finally {
    clearInterval(timer);
  }
}
