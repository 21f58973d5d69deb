/** Identifies records: by the key with which the same record is found in another archive, and by a name for people. */

import { hash } from "node:crypto";
import { typeName } from "../archive/recordTypeLookup";
import { type Content, type Fields, isFields } from "../archive/state/normalForm";
import { fieldOfMessage } from "../archive/state/protobuf";
import { configEntryOf, textOf } from "./content";

export interface RecordName {
  /** One character per byte, like all strings of records. */
  readonly key: string;
  /** The record's name for people, if that is not the key. */
  readonly name?: string;
}

type Naming = (fields: Fields) => RecordName | undefined;

const BY_TYPE: Readonly<Record<string, Naming>> = {
  Register: registration,
  KVS: byField("Key"),
  Tombstone: byField("Key"),
  Session: byField("ID", "Name"),
  // The ID of a legacy ACL is its secret.
  ACL: (fields) => named(hidden(textOf(fields["ID"])), textOf(fields["Name"])),
  ACLBootstrap: only,
  ACLToken: (fields) => {
    const accessor = textOf(fields["AccessorID"]);
    const key = accessor === "" ? hidden(textOf(fields["SecretID"])) : accessor;
    return named(key, textOf(fields["Description"]));
  },
  ACLPolicy: byField("ID", "Name"),
  ACLRole: byField("ID", "Name"),
  ACLBindingRule: byField("ID", "Description"),
  ACLAuthMethod: byField("Name"),
  PreparedQuery: byField("ID", "Name"),
  Intention: (fields) =>
    named(textOf(fields["ID"]), `${textOf(fields["SourceName"])} => ${textOf(fields["DestinationName"])}`),
  Autopilot: only,
  ConnectCA: byField("ID", "Name"),
  ConnectCAProviderState: byField("ID"),
  ConnectCAConfig: only,
  Index: byField("Key"),
  FederationState: ({ State }) => (isFields(State) ? { key: textOf(State["Datacenter"]) } : undefined),
  SystemMetadata: byField("Key"),
  ServiceVirtualIP: ({ Service }) => (isFields(Service) ? { key: virtualService(Service) } : undefined),
  FreeVirtualIP: ({ IP, IsCounter }) => ({ key: IsCounter === true ? "counter" : hex(textOf(IP)) }),
};

/**
 * @returns `undefined` if the record has no identification that is known here
 */
export function nameOf(type: number, content: Content | undefined): RecordName | undefined {
  const name = typeName(type);
  if (name === "ConfigEntry") return configEntryName(content);
  if (typeof content === "string") return messageName(name, Buffer.from(textOf(content), "latin1"));
  const naming = Object.hasOwn(BY_TYPE, name) ? BY_TYPE[name] : undefined;
  const found = isFields(content) ? naming?.(content) : undefined;
  return found === undefined || !isFields(content) ? found : withTenancy(found, content);
}

/** @param name - the field that contains the name for people */
function byField(key: string, name?: string): Naming {
  return (fields) => named(textOf(fields[key]), name === undefined ? "" : textOf(fields[name]));
}

function named(key: string, name: string): RecordName {
  return name === "" ? { key } : { key, name };
}

/** For types that have only one record. */
function only(): RecordName {
  return { key: "" };
}

/** A registration describes a node, one of its services, or one of its checks. */
function registration(fields: Fields): RecordName {
  const peer = textOf(fields["PeerName"]);
  const node = `${peer === "" ? "" : `${peer}/`}${textOf(fields["Node"])}`;
  const { Service, Check } = fields;
  if (isFields(Service)) return named(`${node}/service/${textOf(Service["ID"])}`, textOf(Service["Service"]));
  if (isFields(Check)) return named(`${node}/check/${textOf(Check["CheckID"])}`, textOf(Check["Name"]));
  return { key: node };
}

function virtualService(service: Fields): string {
  const { ServiceName, Name, Peer } = service;
  const name = isFields(ServiceName) ? textOf(ServiceName["Name"]) : textOf(Name);
  return Peer === undefined ? name : `${textOf(Peer)}/${name}`;
}

function configEntryName(content: Content | undefined): RecordName | undefined {
  const found = configEntryOf(content);
  if (found === undefined) return undefined;
  const { kind, entry } = found;
  // There is only one entry of the kind mesh; it has no name.
  return withTenancy({ key: [kind, textOf(entry["Name"])].filter((part) => part !== "").join("/") }, entry);
}

function messageName(type: string, message: Buffer): RecordName | undefined {
  const field = (number: number, of = message): string => fieldOfMessage(of, number)?.toString("latin1") ?? "";
  switch (type) {
    case "Peering":
      return named(field(1), field(2));
    case "PeeringTrustBundle":
      return { key: field(2) };
    case "PeeringSecret":
      return { key: field(1) };
    case "Resource": {
      // The resource's id: a uid, a name, a type (group, version, kind) and a tenancy.
      const id = fieldOfMessage(message, 1) ?? Buffer.alloc(0);
      const kind = fieldOfMessage(id, 3) ?? Buffer.alloc(0);
      return { key: `${field(1, kind)}.${field(2, kind)}.${field(3, kind)}/${field(2, id)}` };
    }
    default:
      return undefined;
  }
}

/** In Consul Enterprise, several namespaces and partitions can contain the same name. */
function withTenancy(found: RecordName, { Partition, Namespace }: Fields): RecordName {
  const tenancy = [Partition, Namespace].map(textOf).filter((part) => part !== "" && part !== "default");
  return tenancy.length === 0 ? found : { ...found, key: `${found.key} in ${tenancy.join("/")}` };
}

function hex(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("hex");
}

/** A hash in place of a secret, equal for equal secrets. It does not reveal them, because ACL secrets are random. */
function hidden(secret: string): string {
  return `sha256:${hash("sha256", Buffer.from(secret, "latin1"), "hex").slice(0, 16)}`;
}
