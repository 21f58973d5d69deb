/**
 * Checks that the parts of a registration fit together: each check must belong to the registered node, and to a service that
 * is registered with the check or before it. Consul's state store refuses anything else (`ensureRegistrationTxn`, Consul
 * 1.13.9), so a restore fails.
 */

import { hash } from "node:crypto";
import { Undecodable } from "./head";
import { StructFields } from "./structFields";

/** Maximum number of nodes and of services to remember; no catalog has as many. Further ones are not compared. */
const MAX_NODES = 1_000_000;
const MAX_SERVICES = 1_000_000;

/** Limits of a service's metadata: `structs.validateMetadata`, in versions 1.12.9 to 1.14.11. Lengths are in bytes. */
const MAX_META = 64;
const META_KEY = /^[\w-]{1,128}$/;
const MAX_META_VALUE = 512;
const RESERVED_META = "consul-";
const GATEWAY_META = "consul-wan-federation";

/** The nodes and services that earlier records have registered. */
export class Registrations {
  /** The id by the name, and the name by the id. */
  private readonly nodes = new Map<string, string>();
  private readonly services = new Set<string>();

  /**
   * @param value - the value of a `Register` record whose fields are valid
   * @returns what is wrong, as the end of a sentence about the record
   */
  add(value: Buffer): string | undefined {
    try {
      return this.check(new StructFields(value, 0));
    } catch (error) {
      if (error instanceof Undecodable) return error.message;
      throw error;
    }
  }

  private check(record: StructFields): string | undefined {
    const node = record.text("Node");
    const peer = record.text("PeerName");
    if (!this.isSameNode(node, `${peer}/${record.text("Partition")}`, record.text("ID")))
      return "has a name or an id that another node has";
    const service = record.fields("Service");
    if (service !== undefined) {
      if (!hasValidMeta(service)) return "has a service with metadata that Consul does not take";
      const of = service.text("PeerName");
      if (of !== "" && of !== peer) return "has a service of another peer";
      if (this.services.size < MAX_SERVICES) this.services.add(keyOf(node, peer, service.text("ID")));
    }
    const single = record.fields("Check");
    for (const check of [...(single === undefined ? [] : [single]), ...record.list("Checks")]) {
      if (check.text("Node").toLowerCase() !== node.toLowerCase()) return "has a check of another node";
      const of = check.text("PeerName");
      if (of !== "" && of !== peer) return "has a check of another peer";
      const id = check.text("ServiceID");
      const isUnknown = id !== "" && !this.services.has(keyOf(node, peer, id));
      if (isUnknown && this.services.size < MAX_SERVICES) return "has a check of a service that is not registered";
    }
    return undefined;
  }

  /** Consul refuses a node with the name or id of another one, or removes the other one, depending on the state of its checks. */
  private isSameNode(name: string, place: string, id: string): boolean {
    const key = keyOf(name, place, "node");
    const idKey = keyOf(id, place, "id");
    const isNew = this.nodes.size < MAX_NODES;
    const knownId = this.nodes.get(key) ?? (isNew ? idKey : undefined);
    const knownName = id === "" ? key : (this.nodes.get(idKey) ?? (isNew ? key : undefined));
    if (knownId === undefined || knownName === undefined) return true;
    this.nodes.set(key, knownId);
    if (id !== "") this.nodes.set(idKey, knownName);
    return knownId === idKey && knownName === key;
  }
}

function hasValidMeta(service: StructFields): boolean {
  const meta = service.fields("Meta");
  if (meta === undefined) return true;
  const isGateway = service.text("Kind") === "mesh-gateway";
  const isValid = (key: string): boolean =>
    META_KEY.test(key) &&
    (!key.startsWith(RESERVED_META) || (isGateway && key === GATEWAY_META)) &&
    meta.text(key).length <= MAX_META_VALUE;
  return meta.names.length <= MAX_META && meta.names.every(isValid);
}

/** Names of nodes are case-insensitive. */
function keyOf(node: string, peer: string, service: string): string {
  // A hash limits the memory: there may be many names, and they may be long.
  return hash("sha256", JSON.stringify([peer.toLowerCase(), node.toLowerCase(), service.toLowerCase()]), "binary");
}
