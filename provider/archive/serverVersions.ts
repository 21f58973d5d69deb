/**
 * The Consul version of each server, taken from the state itself: every server registers the service `consul` with its
 * version (agent/consul/leader_registrator_v1.go; tested with 1.12.9, 1.13.9 and 1.14.11). So a token that may take a
 * snapshot needs no other permission to determine the version.
 */

import { isPlainName } from "../text";
import type { SnapshotMeta } from "./meta";
import { REGISTER } from "./recordTypes";
import { Undecodable } from "./state/head";
import type { SeenRecord } from "./state/stateReader";
import { StructFields } from "./state/structFields";
import { parseVersion } from "./version";

const SERVICE = Buffer.from("consul");

export class ServerVersions {
  /** `undefined` if a node has several versions: anyone with `service:write` may register the service, too. */
  private readonly byNodeId = new Map<string, string | undefined>();

  /** Visits a record of the state. */
  readonly see = ({ type, value }: SeenRecord): void => {
    // Most registrations are not from servers and need not be decoded.
    if (type !== REGISTER || value === undefined || !value.includes(SERVICE)) return;
    try {
      const record = new StructFields(value, 0);
      const service = record.fields("Service");
      if (service?.text("Service") !== "consul" || record.text("PeerName") !== "") return;
      const version = service.fields("Meta")?.text("version") ?? "";
      if (parseVersion(version) === undefined || !isPlainName(version)) return;
      const id = record.text("ID");
      const isContradiction = this.byNodeId.has(id) && this.byNodeId.get(id) !== version;
      this.byNodeId.set(id, isContradiction ? undefined : version);
    } catch (error) {
      if (!(error instanceof Undecodable)) throw error;
    }
  };

  /**
   * The distinct versions of the cluster's servers.
   *
   * @param meta - of the same snapshot
   * @returns an empty list unless the version of every server is known
   */
  of({ servers }: SnapshotMeta): string[] {
    // A server's Raft id equals its node id.
    const versions = servers.map(({ id }) => this.byNodeId.get(id));
    const known = versions.filter((version) => version !== undefined);
    return known.length === versions.length ? [...new Set(known)] : [];
  }
}
