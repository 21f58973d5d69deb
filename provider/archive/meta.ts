/** meta.json: Raft's metadata of a snapshot, read exactly as Go decodes it into its struct. */

import { SnapshotError } from "../errors";
import { malformed } from "./failures";
import { type Json, parseJson } from "./container/goJson";

const SUFFRAGES = ["voter", "nonvoter", "staging"] as const;

/** The name of a Raft suffrage, by its number in meta.json; an unknown number is returned as a string. */
export function suffrageName(suffrage: number): string {
  return SUFFRAGES[suffrage] ?? String(suffrage);
}

export interface SnapshotMeta {
  /** Version of the archive format: 1 in every archive that can be restored. */
  readonly version: number;
  /** `term-index-milliseconds`. */
  readonly id: string;
  readonly index: number;
  readonly term: number;
  /** Size of `state.bin` in bytes, as in meta.json. */
  readonly size: number;
  /** The servers of the cluster. `suffrageName` translates their suffrages. */
  readonly servers: readonly { readonly id: string; readonly address: string; readonly suffrage: number }[];
  /** The numbers above, exact: a `number` rounds beyond 2^53. */
  readonly exact: { readonly version: bigint; readonly index: bigint; readonly term: bigint; readonly size: bigint };
}

interface Server {
  id: string;
  address: string;
  suffrage: bigint;
}

const UNSIGNED = [0n, 2n ** 64n - 1n] as const;
const SIGNED = [-(2n ** 63n), 2n ** 63n - 1n] as const;

/** The meta.json of an archive. Several of them are merged as Consul does. */
export class MetaFile {
  private readonly numbers = { version: 0n, index: 0n, term: 0n, size: 0n };
  private id = "";
  private servers: Server[] = [];
  /** After `null` in place of an object, Consul decodes into a copy that it then drops. */
  private isDropped = false;

  /** @throws SnapshotError `ARCHIVE_MALFORMED` */
  read(content: Buffer): void {
    try {
      const json = parseJson(content.toString("utf8"));
      if (json.kind === "null") this.isDropped = true;
      if (this.isDropped) new MetaFile().readObject(json);
      else this.readObject(json);
    } catch (error) {
      if (error instanceof SnapshotError) throw error;
      throw malformed("meta.json cannot be read", undefined, error);
    }
  }

  get meta(): SnapshotMeta {
    const { version, index, term, size } = this.numbers;
    return {
      version: Number(version),
      id: this.id,
      index: Number(index),
      term: Number(term),
      size: Number(size),
      servers: this.servers.map(({ id, address, suffrage }) => ({ id, address, suffrage: Number(suffrage) })),
      exact: { version, index, term, size },
    };
  }

  private readObject(json: Json): void {
    const { numbers } = this;
    readFields(json, {
      Version: (value) => (numbers.version = integer(value, SIGNED) ?? numbers.version),
      ID: (value) => (this.id = string(value) ?? this.id),
      Index: (value) => (numbers.index = integer(value, UNSIGNED) ?? numbers.index),
      Term: (value) => (numbers.term = integer(value, UNSIGNED) ?? numbers.term),
      Peers: checkBytes,
      Configuration: (value) => readFields(value, { Servers: (list) => (this.servers = readServers(list)) }),
      ConfigurationIndex: (value) => integer(value, UNSIGNED),
      Size: (value) => (numbers.size = integer(value, SIGNED) ?? numbers.size),
    });
  }
}

function readServers(json: Json): Server[] {
  if (json.kind === "null") return [];
  if (json.kind !== "array") throw new TypeError("Servers is not a list");
  return json.items.map((item) => {
    const server: Server = { id: "", address: "", suffrage: 0n };
    readFields(item, {
      ID: (value) => (server.id = string(value) ?? server.id),
      Address: (value) => (server.address = string(value) ?? server.address),
      Suffrage: (value) => (server.suffrage = integer(value, SIGNED) ?? server.suffrage),
    });
    return server;
  });
}

/** Keys match case-insensitively, `null` changes nothing, and unknown keys are ignored. */
function readFields(json: Json, fields: Readonly<Record<string, (value: Json) => unknown>>): void {
  if (json.kind === "null") return;
  if (json.kind !== "object") throw new TypeError("not an object");
  for (const [key, value] of json.entries) {
    const exact = Object.hasOwn(fields, key) ? key : undefined;
    const folded = exact ?? fold(key);
    const name = exact ?? Object.keys(fields).find((field) => field.toUpperCase() === folded);
    if (name !== undefined) fields[name]?.(value);
  }
}

/** Go's case folding: only these two non-ASCII letters fold to ASCII letters. */
function fold(key: string): string {
  return key.replace(/[a-z\u017f\u212a]/g, (letter) => letter.normalize("NFKD").toUpperCase());
}

function integer(json: Json, [least, most]: readonly [bigint, bigint]): bigint | undefined {
  if (json.kind === "null") return undefined;
  // JSON has no leading zeros, so a longer number is out of range.
  if (json.kind !== "number" || !/^-?\d{1,20}$/.test(json.digits)) throw new TypeError("not an integer");
  // Go refuses a minus sign for an unsigned number, even in -0.
  if (least === 0n && json.digits.startsWith("-")) throw new RangeError("negative");
  const value = BigInt(json.digits);
  if (value < least || value > most) throw new RangeError("out of range");
  return value;
}

function string(json: Json): string | undefined {
  if (json.kind === "null") return undefined;
  if (json.kind !== "string") throw new TypeError("not a string");
  return json.value;
}

/** Bytes are base64 (line breaks are ignored) or a list of numbers. */
function checkBytes(json: Json): void {
  if (json.kind === "array") for (const item of json.items) integer(item, [0n, 255n]);
  else {
    const text = (string(json) ?? "").replace(/[\r\n]/g, "");
    if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new TypeError("not base64");
  }
}
