/** An elected agent serves the datacenter of its Consul agent only. */

import { compact } from "../provider/compact";
import { ConsulClient } from "../provider/consul/client";
import type { Connection } from "../provider/consul/connection";
import { SnapshotError } from "../provider/errors";
import type { CleanText } from "../provider/text";

/**
 * The lock and the snapshots must be of the same datacenter; otherwise, the lock would not exclude other agents. If the local
 * datacenter is unknown, nothing is refused.
 *
 * @throws SnapshotError `ARGUMENT_INVALID` if another datacenter is requested; `CONSUL_*`, `INTERRUPTED`
 */
export async function checkDatacenter(
  connection: Connection,
  signal: AbortSignal,
  notice: (message: CleanText) => void,
): Promise<void> {
  const wanted = connection.datacenter;
  if (wanted === undefined) return;
  const client = new ConsulClient(compact({ ...connection, datacenter: undefined }), { signal, notice });
  try {
    const { datacenter } = await client.agent();
    if (datacenter === undefined || datacenter === wanted) return;
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      `datacenter is ${wanted}, and the local agent is in ${datacenter}: snapshots of another datacenter are taken one at a time`,
      "Set interval to 0 and run the agent by a scheduler, or run it in that datacenter.",
    );
  } finally {
    await client.close();
  }
}
