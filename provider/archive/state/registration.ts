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
      if (this.services.size < MAX_SERVICES) this.services.add(serviceKey(node, peer, service.text("ID")));
    }
    const single = record.fields("Check");
    for (const check of [...(single === undefined ? [] : [single]), ...record.list("Checks")]) {
      if (lowerAscii(check.text("Node")) !== lowerAscii(node)) return "has a check of another node";
      const of = check.text("PeerName");
      if (of !== "" && of !== peer) return "has a check of another peer";
      const id = check.text("ServiceID");
      const isUnknown = id !== "" && !this.services.has(serviceKey(node, peer, id));
      if (isUnknown && this.services.size < MAX_SERVICES) return "has a check of a service that is not registered";
    }
    return undefined;
  }

  /**
   * Consul refuses a node with the name or id of another one, or removes the other one, depending on the state of its checks.
   * Two spellings of a name that is not ASCII are two nodes here, whatever Consul says, because its functions differ.
   */
  private isSameNode(name: string, place: string, id: string): boolean {
    const folded = keyOf(foldCase(name), foldCase(place), "name");
    const exact = keyOf(lowerAscii(name), lowerAscii(place), "node");
    const idKey = id === "" ? exact : keyOf(lowerAscii(id), foldCase(place), "id");
    const isNew = this.nodes.size < MAX_NODES;
    const knownId = this.nodes.get(folded) ?? (isNew ? idKey : undefined);
    const knownName = id === "" ? exact : (this.nodes.get(idKey) ?? (isNew ? exact : undefined));
    if (knownId === undefined || knownName === undefined) return true;
    this.nodes.set(folded, knownId);
    if (id !== "") this.nodes.set(idKey, knownName);
    return knownId === idKey && knownName === exact;
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

function keyOf(...names: readonly string[]): string {
  // A hash limits the memory: there may be many names, and they may be long.
  return hash("sha256", JSON.stringify(names), "binary");
}

const IS_ASCII = /^[\0-\x7f]*$/;

/** Names are case-insensitive. A name that is not ASCII stays as it is: two spellings of it may be two names for Consul. */
function lowerAscii(bytes: string): string {
  return IS_ASCII.test(bytes) ? bytes.toLowerCase() : bytes;
}

/**
 * Equal for all names that Consul takes for one. It compares names with strings.ToLower of Go in its indexes, and with
 * strings.EqualFold elsewhere. Both read any invalid byte as U+FFFD.
 */
function foldCase(bytes: string): string {
  if (IS_ASCII.test(bytes)) return bytes.toUpperCase();
  const text = Buffer.from(bytes, "latin1").toString("utf8");
  // Node.js may read several invalid bytes as one character.
  return Array.from(text.replace(/\ufffd+/g, "\ufffd"), foldLetter).join("");
}

/** Go maps each letter to one letter: it lowers U+0130 to "i" alone, and has no upper case for "ß". */
function foldLetter(letter: string): string {
  if (letter === "\u0130") return "I";
  const lower = letter.toLowerCase();
  const upper = lower.toUpperCase();
  return upper.length > lower.length ? lower : upper;
}
