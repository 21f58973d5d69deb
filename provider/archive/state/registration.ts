/**
 * Checks that the parts of a registration fit together: each check must belong to the registered node, and to a service that
 * is registered with the check or before it. Consul's state store refuses anything else (`ensureRegistrationTxn`, Consul
 * 1.13.9), so a restore fails.
 */

import { Undecodable } from "./head";
import type { NameBudget } from "./nameBudget";
import { IS_ASCII, keyOf, lowerAscii } from "./nodeNames";
import { StructFields } from "./structFields";
import type { Tenancy } from "./tenancy";

/** Maximum length of a name that is not ASCII, in bytes: its letters are compared one by one. */
const MAX_NAME = 8192;

/** Limits of a service's metadata: `structs.validateMetadata`, in versions 1.12.9 to 1.14.11. Lengths are in bytes. */
const MAX_META = 64;
const META_KEY = /^[\w-]{1,128}$/;
const MAX_META_VALUE = 512;
const RESERVED_META = "consul-";
const GATEWAY_META = "consul-wan-federation";

/** The name in Consul's indexes of what is not imported (`structs.LocalPeerKeyword`). */
const LOCAL_PEER = "~";

/** The nodes and services that earlier records have registered. */
export class Registrations {
  private readonly services = new Set<string>();

  /**
   * @param tenancy - compares the nodes
   * @param budget - limits the services that are remembered
   */
  constructor(
    private readonly tenancy: Tenancy,
    private readonly budget: NameBudget,
  ) {}

  /**
   * @param value - the value of a `Register` record whose fields are valid
   * @param offset - where the record begins
   * @returns what is wrong, as the end of a sentence about the record
   */
  add(value: Buffer, offset: number): string | undefined {
    try {
      return this.check(new StructFields(value, 0), offset);
    } catch (error) {
      if (error instanceof Undecodable) return error.message;
      throw error;
    }
  }

  private check(record: StructFields, offset: number): string | undefined {
    const node = record.text("Node");
    const peer = record.text("PeerName");
    // Consul's indexes contain both; no peering can have such a name.
    if (peer === LOCAL_PEER || peer.includes("\0")) return "has a peer with a reserved name";
    const names = `${node}${peer}/${record.text("Partition")}`;
    if (names.length > MAX_NAME && !IS_ASCII.test(names)) return "has a name that is too long";
    const problem = this.tenancy.addNode(record, offset);
    if (problem !== undefined) return problem;
    const service = record.fields("Service");
    if (service !== undefined) {
      if (!hasValidMeta(service)) return "has a service with metadata that Consul does not take";
      const of = service.text("PeerName");
      if (of !== "" && of !== peer) return "has a service of another peer";
      const key = serviceKey(node, peer, service.text("ID"));
      if (!this.services.has(key) && this.budget.take(1)) this.services.add(key);
    }
    const single = record.fields("Check");
    for (const check of [...(single === undefined ? [] : [single]), ...record.list("Checks")]) {
      if (lowerAscii(check.text("Node")) !== lowerAscii(node)) return "has a check of another node";
      const of = check.text("PeerName");
      if (of !== "" && of !== peer) return "has a check of another peer";
      const id = check.text("ServiceID");
      const isUnknown = id !== "" && !this.services.has(serviceKey(node, peer, id));
      if (isUnknown && !this.budget.isExceeded) return "has a check of a service that is not registered";
    }
    return undefined;
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

function serviceKey(node: string, peer: string, service: string): string {
  return keyOf(lowerAscii(node), lowerAscii(peer), lowerAscii(service));
}
