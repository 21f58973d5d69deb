/** One form for protobuf messages that differ only in the order of their fields, including entries of maps. */

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;
/** Fields have the numbers 1 to 2^29-1. Go refuses any other one. */
const MAX_NUMBER = 2 ** 29 - 1;
/** Maximum number of fields; no peering has as many. */
const MAX_FIELDS = 5000;

/**
 * Sorts the fields of a message, but not the contents of fields. Entries of a map are fields with the same number, and Go
 * writes them in random order.
 *
 * @param message - returned unchanged if it is not a message
 */
export function canonicalMessage(message: Buffer): Buffer {
  // Strings with one character per byte are compared much faster than buffers.
  const fields: string[] = [];
  for (let at = 0; at < message.length; ) {
    const end = endOfField(message, at);
    if (end < 0 || end > message.length) return message;
    if (fields.length === MAX_FIELDS) return message;
    fields.push(message.toString("latin1", at, end));
    at = end;
  }
  return Buffer.from(fields.sort().join(""), "latin1");
}

/** The last field with this number that contains bytes; `undefined` if there is none, or if this is not a message. */
export function fieldOfMessage(message: Buffer, number: number): Buffer | undefined {
  let found: Buffer | undefined;
  for (let at = 0; at < message.length; ) {
    const tag = varint(message, at);
    const end = endOfField(message, at);
    if (tag === undefined || end < 0 || end > message.length) return undefined;
    const length = tag.value === number * 8 + BYTES ? varint(message, tag.end) : undefined;
    if (length !== undefined) found = message.subarray(length.end, end);
    at = end;
  }
  return found;
}

/** @returns -1 if there is no valid field */
function endOfField(message: Buffer, at: number): number {
  const tag = varint(message, at);
  if (tag === undefined || tag.value < 8 || tag.value >= (MAX_NUMBER + 1) * 8) return -1;
  switch (tag.value % 8) {
    case VARINT:
      return varint(message, tag.end)?.end ?? -1;
    case FIXED_64:
      return tag.end + 8;
    case BYTES: {
      const length = varint(message, tag.end);
      return length === undefined ? -1 : length.end + length.value;
    }
    case FIXED_32:
      return tag.end + 4;
    default:
      return -1;
  }
}

/** Go refuses a number with more than 64 bits, of which the tenth byte holds the last one. */
function varint(message: Buffer, from: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let at = from; at < from + 10; at++) {
    const byte = message[at];
    if (byte === undefined || (at === from + 9 && byte > 1)) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * (at - from));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return undefined;
}

interface MessageField {
  readonly kind: string;
  readonly isRequired: boolean;
  readonly isRepeated: boolean;
}

/**
 * The messages of peerings and resources, as declared in proto/private/pbpeering and proto-public/pbresource of Consul 1.22.7
 * (older versions have some of them): each field's number and content. Varint fields are left out, because the decoder accepts
 * any value. `!` means required, as in the table of structs, but a required message may be empty. `*` means repeated: lists, and
 * maps, which are lists of entries. A server crashes when it restores a resource without its id, or an id without its type or
 * tenancy (internal/storage/inmem/schema.go).
 */
const MESSAGES: ReadonlyMap<string, ReadonlyMap<number, MessageField>> = tableOf({
  Peering:
    "1:uuid! 2:string! 3:string 4:Timestamp 5:Entry* 7:string 8:string* 9:string 10:string* 13:StreamStatus 17:RemoteInfo " +
    "18:string*",
  PeeringTrustBundle: "1:string 2:string! 3:string 4:string* 5:string",
  PeeringSecrets: "1:uuid! 2:Establishment 3:Stream",
  Establishment: "1:uuid",
  Stream: "1:uuid 2:uuid",
  Entry: "1:string 2:string",
  StreamStatus: "1:string* 2:string* 3:Timestamp 4:Timestamp 5:Timestamp",
  RemoteInfo: "1:string 2:string 3:Locality",
  Locality: "1:string 2:string",
  Resource: "1:ID! 2:ID 3:string 4:string 5:Entry* 6:StatusEntry* 7:Any",
  ID: "1:string 2:string 3:Type! 4:Tenancy!",
  Type: "1:string 2:string 3:string",
  Tenancy: "1:string 2:string",
  StatusEntry: "1:string 2:Status",
  Status: "1:string 2:Condition* 3:Timestamp",
  Condition: "1:string 3:string 4:string 5:Reference",
  Reference: "1:Type 2:Tenancy 3:string 4:string",
  Any: "1:string",
  Timestamp: "",
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * @param name - of a message in the table
 * @returns what is wrong with it, as the end of a sentence; `undefined` if Consul accepts it
 */
export function messageProblem(name: string, message: Buffer): string | undefined {
  const fields = MESSAGES.get(name) ?? new Map<number, MessageField>();
  const missing = new Set([...fields].filter(([, field]) => field.isRequired).map(([number]) => number));
  const found = new Set<number>();
  let count = 0;
  for (let at = 0; at < message.length; ) {
    const end = endOfField(message, at);
    if (end < 0 || end > message.length) return "is not a message of protobuf";
    if (++count > MAX_FIELDS) return `has more than ${MAX_FIELDS} fields`;
    const tag = varint(message, at) as { value: number; end: number };
    const number = Math.floor(tag.value / 8);
    const isBytes = tag.value % 8 === BYTES;
    const field = fields.get(number);
    // An unknown field of bytes can be a list. A list of numbers is one such field: Go packs it.
    if (field === undefined ? !isBytes : !field.isRepeated) {
      // The last one would count, even if it is empty.
      if (found.has(number)) return `has the field ${number} twice`;
      found.add(number);
    }
    if (field !== undefined && isBytes) {
      const content = message.subarray((varint(message, tag.end) as { end: number }).end, end);
      if (content.length > 0 || MESSAGES.has(field.kind)) missing.delete(number);
      if (!isFieldOf(field.kind, content)) {
        return `has a field ${number} of another kind`;
      }
    }
    at = end;
  }
  return missing.size === 0 ? undefined : `lacks field ${[...missing].join(" and ")}`;
}

function tableOf(messages: Readonly<Record<string, string>>): ReadonlyMap<string, ReadonlyMap<number, MessageField>> {
  return new Map(
    Object.entries(messages).map(([name, text]) => {
      const fields = Array.from(text.matchAll(/(\d+):(\w+)([!*]?)/g), ([, number = "", kind = "", mark]) => {
        const field: MessageField = { kind, isRequired: mark === "!", isRepeated: mark === "*" };
        return [Number(number), field] as const;
      });
      return [name, new Map(fields)];
    }),
  );
}

function isFieldOf(kind: string, content: Buffer): boolean {
  if (kind === "string") return isText(content);
  if (kind === "uuid") return content.length === 0 || UUID.test(content.toString("latin1"));
  return messageProblem(kind, content) === undefined;
}

function isText(bytes: Buffer): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
