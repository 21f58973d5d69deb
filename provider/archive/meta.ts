/** meta.json: what Raft knows of a snapshot, read as Go reads it into its struct. */

import { SnapshotError } from "../errors";
import { malformed } from "./failures";
import { type Json, parseJson } from "./json";

const SUFFRAGES = ["voter", "nonvoter", "staging"] as const;

/** What a server may do in Raft, by its number in meta.json; a number without a name stands for itself. */
export function suffrageName(suffrage: number): string {
  return SUFFRAGES[suffrage] ?? String(suffrage);
}

export interface SnapshotMeta {
  /** Version of the archive's format: 1 in all that a restore takes. */
  readonly version: number;
  /** `term-index-milliseconds`. */
  readonly id: string;
  readonly index: number;
  readonly term: number;
  /** Bytes of `state.bin`, as meta.json says. */
  readonly size: number;
  /** The servers of the cluster. `suffrageName` has the names of suffrages. */
  readonly servers: readonly { readonly id: string; readonly address: string; readonly suffrage: number }[];
  /** The numbers above with all their digits: beyond 2^53 a number rounds. */
  readonly exact: { readonly version: bigint; readonly index: bigint; readonly term: bigint; readonly size: bigint };
}

interface Server {
  id: string;
  address: string;
  suffrage: bigint;
}

const UNSIGNED = [0n, 2n ** 64n - 1n] as const;
const SIGNED = [-(2n ** 63n), 2n ** 63n - 1n] as const;

/** The meta.json of an archive; more than one merge, as Consul merges them. */
export class MetaFile {
  private readonly numbers = { version: 0n, index: 0n, term: 0n, size: 0n };
  private id = "";
  private servers: Server[] = [];
  /** After `null` in place of an object, Consul fills a copy that it then drops. */
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

/** Keys match in any case; `null` leaves things as they are; unknown keys pass. */
function readFields(json: Json, fields: Readonly<Record<string, (value: Json) => unknown>>): void {
  if (json.kind === "null") return;
  if (json.kind !== "object") throw new TypeError("not an object");
  for (const [key, value] of json.entries) {
    const name =
      Object.keys(fields).find((field) => field === key) ??
      Object.keys(fields).find((field) => fold(field) === fold(key));
    if (name !== undefined) fields[name]?.(value);
  }
}

/** Go's folding: of the letters beyond ASCII only these two fold into it. */
function fold(key: string): string {
  return key.replace(/[a-z\u017f\u212a]/g, (letter) => letter.normalize("NFKD").toUpperCase());
}

function integer(json: Json, [least, most]: readonly [bigint, bigint]): bigint | undefined {
  if (json.kind === "null") return undefined;
  if (json.kind !== "number" || !/^-?\d+$/.test(json.digits)) throw new TypeError("not an integer");
  // Go takes no minus sign for an unsigned number, not even that of -0.
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

/** Bytes are base64, line breaks aside, or a list of numbers. */
function checkBytes(json: Json): void {
  if (json.kind === "array") for (const item of json.items) integer(item, [0n, 255n]);
  else {
    const text = (string(json) ?? "").replace(/[\r\n]/g, "");
    if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new TypeError("not base64");
  }
}
