/** What the scenes of restores begin with: a Consul that is at rest, an archive of it, and a change since. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ConnectionArgs } from "../../provider/consul/connection";
import type { Manifest } from "../../provider/catalog/manifest";
import { type ConsulOptions, type ConsulServer, fill, startConsul } from "../support/consul/consul";
import { federated } from "../support/consul/federated";
import { saveTo, temporaryFolder } from "../support/programs/saving";

export interface Ground {
  readonly consul: ConsulServer;
  /** A folder of the shell, with `backups/` in it. */
  readonly folder: string;
  readonly archive: Manifest;
  /** A file of the cluster's token, where ACLs are on. */
  readonly tokenFile: string;
}

/** Plays scenes with a cluster of one, filled and saved, whose key `app/greeting` is gone since. */
export async function withArchive<T>(options: ConsulOptions, play: (ground: Ground) => Promise<T>): Promise<T> {
  const [consul, folder] = [await startQuiet(options), await temporaryFolder()];
  try {
    await fill(consul);
    await consul.api("/v1/kv/app/greeting", { method: "PUT", body: "hello" });
    const { address, token } = consul;
    const connection: ConnectionArgs = token === undefined ? { address } : { address, token };
    const { saved } = await saveTo(`${folder.path}/backups/`, connection);
    await consul.api("/v1/kv/app/greeting", { method: "DELETE" });
    const tokenFile = join(folder.path, "consul.token");
    await writeFile(tokenFile, token ?? "");
    return await play({ consul, folder: folder.path, archive: saved.manifest, tokenFile });
  } finally {
    await Promise.all([consul.stop(), folder.remove()]);
  }
}

/** A server to which nothing is written by itself any more. */
export async function startQuiet(options: ConsulOptions): Promise<ConsulServer> {
  const consul = await startConsul({ ...options, config: { disable_coordinates: true } });
  await federated(consul, 1);
  return consul;
}
