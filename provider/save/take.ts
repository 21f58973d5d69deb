/** One snapshot of Consul, verified, for any number of stores. */

import { AwaitedReader } from "../archive/thread/openReader";
import { ConsulClient } from "../consul/client";
import type { Connection } from "../consul/connection";
import { startProgress } from "../progressInterval";
import type { Reporter } from "../reporter";
import { readClusterFacts } from "./clusterFacts";
import { type DescribedStream, unixNanoseconds } from "./publish";
import { Spool } from "./spool";
import { openVerifiedStream } from "./verifiedStream";
import { warnIfStale } from "./warnings";

export interface TakeRequest {
  readonly connection: Connection;
  readonly consistency: "consistent" | "stale";
  /** Folder for the archive until all stores have it. Default: the system's folder for temporary files. */
  readonly scratchFolder?: string;
}

/** A verified archive in a temporary file of this process. */
export interface TakenArchive {
  /** When it was taken, in nanoseconds of Unix time. */
  readonly nanoseconds: string;
  /** A new stream of the archive, for one store. */
  stream(): DescribedStream;
  /** Closes the file, which deletes it. */
  close(): Promise<void>;
}

/**
 * Takes a snapshot with one request, and verifies it once.
 *
 * @throws SnapshotError `CONSUL_*`, `ARCHIVE_*`, `ARGUMENT_INVALID` if the scratch folder does not exist or may not be
 * written to, `STORE_FULL` or `STORE_UNREACHABLE` if its disk fails, `INTERRUPTED`
 */
export async function take(request: TakeRequest, reporter: Reporter): Promise<TakenArchive> {
  const { connection, consistency, scratchFolder } = request;
  const spool = await Spool.open(scratchFolder);
  const progress = startProgress((event) => reporter.status(event));
  const client = new ConsulClient(connection, {
    signal: reporter.signal,
    notice: (message) => reporter.info(message),
  });
  const reader = new AwaitedReader();
  try {
    const response = await client.snapshot({ consistency, progress });
    const { meta, bytes, report } = await openVerifiedStream(response.body, reader.open(), (size) =>
      progress.received(size),
    );
    await spool.write(bytes);
    await report;
    progress.saved();
    const about = await readClusterFacts(client, meta, connection.url, reporter);
    warnIfStale(response.knownLeader, response.lastContactMs, consistency, reporter);
    const nanoseconds = unixNanoseconds(meta);
    return {
      nanoseconds,
      stream: () => ({ meta, about, nanoseconds, bytes: spool.read(), report }),
      close: () => spool.close(),
    };
  } catch (error) {
    await spool.close();
    throw error;
  } finally {
    progress.stop();
    reader.destroy();
    await client.close();
  }
}
