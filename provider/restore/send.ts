/** Sends the archive to Consul: once, on the connection on which the cluster was identified. */

import { performance } from "node:perf_hooks";
import type { ArchiveReport } from "../archive/reader";
import { compact } from "../compact";
import type { ConsulClient, RestoreFailure } from "../consul/client";
import { isCode, SnapshotError } from "../errors";
import { throttled } from "../progressInterval";
import type { Reporter } from "./request";
import { confirmConnection } from "./sameCluster";
import type { StateBefore } from "./safetySnapshot";
import type { Session } from "./session";
import type { Source } from "./source";
import { remark } from "../text";

/** Number of connections to try: one can close between the identification and the archive's first byte. */
const CONNECTIONS = 3;
const ANSWER_MS = 15 * 60_000;

export interface Sent {
  /** Why Consul did not confirm the restore; `undefined` if it did. */
  readonly failure?: RestoreFailure;
  /** Whether the server may have received the whole archive. */
  readonly sentAll: boolean;
  /** Raft entries since the safety snapshot; `undefined` if unknown, or if there is no safety snapshot. */
  readonly unsavedChanges?: number;
}

/**
 * Every request specifies the datacenter: a proxy may send each request of one connection to another cluster. A cluster of another
 * name then refuses the archive, or passes it on to the right one.
 *
 * @param before - the state before the restore, of the cluster that must answer
 * @param datacenter - of that cluster. Default: unknown
 * @throws NothingRestored if another cluster answers, or the cluster cannot be identified on the connection that sends;
 * SnapshotError `CONSUL_*`, `INTERRUPTED` before anything is sent
 */
export async function send(
  session: Session,
  source: Source,
  report: ArchiveReport,
  before: StateBefore,
  datacenter?: string,
): Promise<Sent> {
  const { request, reporter } = session;
  const connection = compact({ datacenter, ...request.connection });
  for (let attempt = 1; ; attempt++) {
    const sending = new AbortController();
    const upload = new Upload(session, source, report, sending);
    const client = session.openClient(connection, sending.signal, true);
    try {
      const unsavedChanges = await reportUnsavedChanges(client, before, reporter);
      await confirmConnection(client, before.identity, request.connection.url, "just before the archive is sent");
      const sent = await upload.run(client);
      const isLost = isNotTaken(sent) && isCode(sent.failure?.error, "CONSUL_UNREACHABLE");
      if (!isLost || attempt === CONNECTIONS) return compact({ ...sent, unsavedChanges });
    } catch (error) {
      if (!isCode(error, "CONSUL_UNREACHABLE") || attempt === CONNECTIONS) throw error;
    } finally {
      upload.close();
      await client.close();
    }
    reporter.status({ phase: "reconnecting" });
  }
}

/**
 * Whether Consul has certainly not taken the archive. A refusal proves that only while a part of the archive is missing:
 * a proxy that has received all of it may have passed it on before it refused.
 */
export function isNotTaken({ failure, sentAll }: Sent): boolean {
  return failure?.notTaken === true && !sentAll;
}

/** Warns about writes between the safety snapshot and the restore: they are in neither of the two. */
async function reportUnsavedChanges(
  client: ConsulClient,
  { location, contents }: StateBefore,
  reporter: Reporter,
): Promise<number | undefined> {
  if (location === undefined) return undefined;
  const index = await client.raftIndex();
  if (index === undefined) {
    reporter.info(
      remark`whether something was written since the safety snapshot is unchecked: Consul does not let this run read it (operator:read or agent:read)`,
    );
    return undefined;
  }
  const count = Math.max(0, index - contents.index);
  if (count > 0) {
    reporter.warn(
      remark`Raft entries since the safety snapshot: ${count}. What they changed is neither in it nor in the archive, and will be lost; stop writers before a restore`,
    );
  }
  return count;
}

/**
 * One upload. Before its first byte, an interruption cancels it. After that the server may restore the archive
 * regardless, so an interruption only limits the wait for its answer.
 */
class Upload {
  #sent = 0;
  #interrupted = false;
  #failure: SnapshotError | undefined;
  #limit: NodeJS.Timeout | undefined;

  constructor(
    private readonly session: Session,
    private readonly source: Source,
    private readonly report: ArchiveReport,
    private readonly sending: AbortController,
  ) {
    const { signal } = session.reporter;
    signal.addEventListener("abort", this.#interrupt);
    session.giveUp?.addEventListener("abort", this.#end);
    if (signal.aborted) this.#interrupt();
  }

  async run(client: ConsulClient): Promise<Omit<Sent, "unsavedChanges">> {
    const { reporter } = this.session;
    const size = this.report.archiveSize;
    const started = performance.now();
    reporter.status({ phase: "sending", done: 0, total: size });
    const timer = setInterval(() => {
      if (!this.#isSent()) return;
      reporter.status({ phase: "waitingForRestore", elapsedMs: performance.now() - started });
    }, 1000);
    try {
      const answer = await client.restore({ bytes: this.#bytes(), size });
      // A failure of the source explains more than the server's reaction to it.
      const failure = this.#failure === undefined ? answer : { error: this.#failure, notTaken: this.#sent === 0 };
      return compact({ failure, sentAll: this.#isSent() });
    } finally {
      clearInterval(timer);
    }
  }

  close(): void {
    clearTimeout(this.#limit);
    this.session.reporter.signal.removeEventListener("abort", this.#interrupt);
    this.session.giveUp?.removeEventListener("abort", this.#end);
  }

  readonly #end = (): void => this.sending.abort(this.session.reporter.signal.reason);

  readonly #interrupt = (): void => {
    if (this.#sent === 0) {
      this.#end();
      return;
    }
    this.#interrupted = true;
    this.session.reporter.info(
      remark`interrupted while the archive is sent: waiting for Consul's answer, to record it`,
    );
    this.#limitWait();
  };

  #isSent(): boolean {
    return this.#sent === this.report.archiveSize;
  }

  async *#bytes(): AsyncGenerator<Uint8Array> {
    const { reporter } = this.session;
    const total = this.report.archiveSize;
    const show = throttled((event) => reporter.status(event));
    try {
      for await (const chunk of this.source.bytes(this.sending.signal)) {
        if (this.#sent === 0) this.session.whenSending();
        this.#sent += chunk.length;
        yield chunk;
        if (this.#interrupted) this.#limitWait();
        show(() => ({ phase: "sending", done: this.#sent, total }));
      }
    } catch (error) {
      if (error instanceof SnapshotError) this.#failure = error;
      throw error;
    }
  }

  /** Restarts the wait for the next piece to be taken, or for the answer. */
  #limitWait(): void {
    const { limits, request } = this.session;
    const limitMs = limits.interruptedMs ?? (this.#isSent() ? ANSWER_MS : request.connection.idleTimeoutMs);
    clearTimeout(this.#limit);
    this.#limit = setTimeout(this.#end, limitMs);
  }
}
