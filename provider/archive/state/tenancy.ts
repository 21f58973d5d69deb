/**
 * What some servers drop from the records. Community Edition has neither partitions nor namespaces, and Consul before 1.13 has no
 * peers. Such a server skips the field, so it keeps only one of several records that nothing else distinguishes. If these
 * are nodes, it may crash (`ensureNodeTxn`; tried with 1.12.9, 1.13.9 and 1.14.11).
 */

import { CONFIG_ENTRY, PEERING, REGISTER, SERVICE_VIRTUAL_IP, TRUST_BUNDLE } from "../recordTypes";
import { Head, Undecodable } from "./head";
import type { NameBudget } from "./nameBudget";
import { NodeNames } from "./nodeNames";
import { fieldOfMessage } from "./protobuf";
import { StructFields } from "./structFields";

export interface TenancyReport {
  /** How many records belong to a partition or a namespace other than the default one. */
  readonly tenants: number;
  /** How many registrations are of a peer. */
  readonly imported: number;
  /** How many virtual addresses have the form of 1.13 and later, with the service's name one level deeper. */
  readonly peerableAddresses: number;
  /**
   * Where the first virtual address without a service begins. Consul 1.12 writes it after it has restored addresses in the form of
   * 1.13. Later versions crash with it: "object missing primary index".
   */
  readonly namelessAddress?: number;
  /** Whether a server of Consul Enterprise is registered. Anyone with `service:write` may register one, too. */
  readonly hasEnterpriseServer: boolean;
  /** Where the first node is registered that only its partition distinguishes from one with its name or id. */
  readonly partitionClash?: number;
  /** The same if only its partition or its peer does. */
  readonly peerClash?: number;
}

const DEFAULT = "default";
const NAMESPACE = Buffer.from("Namespace");
const PARTITION = Buffer.from("Partition");
/** The number of the partition in the messages of peerings and trust bundles. */
const PARTITION_FIELD = 3;

export class Tenancy {
  private tenants = 0;
  private imported = 0;
  private peerableAddresses = 0;
  private namelessAddress: number | undefined;
  private hasEnterpriseServer = false;
  private partitionClash: number | undefined;
  private peerClash: number | undefined;
  private readonly nodes: NodeNames;
  /** The nodes without their partitions, and without their peers, too. Those that have neither are in `nodes`. */
  private readonly withoutPartitions: NodeNames;
  private readonly withoutPeers: NodeNames;

  /** @param budget - limits the nodes that are remembered */
  constructor(budget: NameBudget) {
    this.nodes = new NodeNames(budget);
    this.withoutPartitions = new NodeNames(budget, this.nodes);
    this.withoutPeers = new NodeNames(budget, this.nodes);
  }

  /**
   * Adds a record whose fields are valid.
   *
   * @param offset - where it begins
   * @returns whether it belongs to a partition or a namespace other than the default one
   */
  add(type: number, value: Buffer, offset: number): boolean {
    try {
      if (type === SERVICE_VIRTUAL_IP) this.addAddress(new StructFields(value, 0).fields("Service"), offset);
      if (!isTenant(type, value)) return false;
      this.tenants += 1;
      return true;
    } catch (error) {
      if (error instanceof Undecodable) return false;
      throw error;
    }
  }

  /**
   * Adds the node and the service of a registration.
   *
   * @param offset - where the record begins
   * @returns what is wrong, as the end of a sentence about the record
   */
  addNode(record: StructFields, offset: number): string | undefined {
    const [name, id] = [record.text("Node"), record.text("ID")];
    const peer = record.text("PeerName");
    const partition = tenantOf(record, "Partition");
    const problem = this.nodes.add(name, `${peer}/${partition}`, id);
    if (problem !== undefined) return problem;
    if (partition !== "" || !this.withoutPartitions.isEmpty) {
      const clash = this.withoutPartitions.add(name, `${peer}/`, id);
      if (clash !== undefined) this.partitionClash ??= offset;
    }
    if (partition !== "" || peer !== "" || !this.withoutPeers.isEmpty) {
      const clash = this.withoutPeers.add(name, "/", id);
      if (clash !== undefined) this.peerClash ??= offset;
    }
    if (peer !== "") this.imported += 1;
    const service = record.fields("Service");
    this.hasEnterpriseServer ||=
      service?.text("Service") === "consul" && service.fields("Meta")?.text("version").includes("+ent") === true;
    return undefined;
  }

  private addAddress(service: StructFields | undefined, offset: number): void {
    const deeper = service?.fields("ServiceName");
    if (deeper !== undefined) this.peerableAddresses += 1;
    const name = deeper?.text("Name") ?? "";
    if (name === "" && (service?.text("Name") ?? "") === "") this.namelessAddress ??= offset;
  }

  /** @returns `undefined` if every server keeps everything */
  report(): TenancyReport | undefined {
    const { tenants, imported, peerableAddresses, hasEnterpriseServer } = this;
    const { namelessAddress, partitionClash, peerClash } = this;
    const hasCounts = tenants + imported + peerableAddresses > 0;
    if (!hasCounts && !hasEnterpriseServer && namelessAddress === undefined) return undefined;
    return {
      tenants,
      imported,
      peerableAddresses,
      hasEnterpriseServer,
      ...(namelessAddress !== undefined && { namelessAddress }),
      ...(partitionClash !== undefined && { partitionClash }),
      ...(peerClash !== undefined && { peerClash }),
    };
  }
}

/** Whether a record belongs to a partition or a namespace other than the default one. */
function isTenant(type: number, value: Buffer): boolean {
  if (type === PEERING || type === TRUST_BUNDLE) {
    const { content } = new Head().read(value, 0);
    const partition = fieldOfMessage(value.subarray(content), PARTITION_FIELD)?.toString("latin1") ?? "";
    return nameOf(partition) !== "";
  }
  // Most records have no such field and need not be decoded.
  if (!value.includes(NAMESPACE) && !value.includes(PARTITION)) return false;
  return ownersOf(type, value).some(
    (fields) => tenantOf(fields, "Namespace") !== "" || tenantOf(fields, "Partition") !== "",
  );
}

/** The structs of a record to which Consul Enterprise adds its partition and its namespace (`acl.EnterpriseMeta`). */
function ownersOf(type: number, value: Buffer): readonly StructFields[] {
  if (type === CONFIG_ENTRY) return [entryOf(value)];
  // The coordinates of all nodes are one record.
  if (new Head().read(value, 0).kind === "list") return StructFields.listAt(value, 0);
  const record = new StructFields(value, 0);
  const inner = (name: string): StructFields[] => [record.fields(name) ?? []].flat();
  if (type === REGISTER) return [record, ...inner("Service"), ...inner("Check"), ...record.list("Checks")];
  if (type === SERVICE_VIRTUAL_IP)
    return inner("Service").flatMap((service) => [service, service.fields("ServiceName") ?? []].flat());
  return [record];
}

/** The entry within the request within the bytes of the record; proxy-defaults are bytes once more. */
function entryOf(value: Buffer): StructFields {
  const head = new Head().read(value, 0);
  const bytes = value.subarray(head.content, head.end);
  const request = new StructFields(bytes, head.read(bytes, 0).end);
  let entry = new StructFields(NIL, 0);
  request.visit("Entry", (buffer, at) => {
    const { kind, content, end } = head.read(buffer, at);
    entry = kind === "raw" ? new StructFields(buffer.subarray(content, end), 0) : new StructFields(buffer, at);
  });
  return entry;
}

const NIL = Buffer.from([0xc0]);

function tenantOf(fields: StructFields, field: "Namespace" | "Partition"): string {
  return nameOf(fields.text(field));
}

/** The default partition and the default namespace have a name, too. */
function nameOf(tenant: string): string {
  return tenant.toLowerCase() === DEFAULT ? "" : tenant;
}
