/** What a state holds: its records counted by type, digested by type, and its keys by prefix. */

import { SetDigest } from "./digest";
import { isMap, isRaw, isString, isStruct } from "./msgpack";
import { type KvOptions, type KvReport, Prefixes } from "./prefixes";
import { KVS, shapeOf, typeName } from "./recordTypes";

/** All records of one type. */
export interface RecordGroup {
  /** The type's number, and its name as Consul prints it. */
  readonly code: number;
  readonly type: string;
  readonly count: number;
  /** Bytes of their records, type bytes included; the first record's also those of the header. */
  readonly size: number;
  /** Of the set of them, whatever their order: 64 hex digits. */
  readonly digest: string;
  /** Where the first begins in `state.bin`. */
  readonly offset: number;
}

export interface StateProblem {
  /** Where the record begins in `state.bin`. */
  readonly offset: number;
  /** What is wrong, as the end of a sentence that begins with the place. */
  readonly message: string;
}

export interface Tallied {
  /** The largest first, those of one size by name. */
  readonly groups: readonly RecordGroup[];
  /** The first record that can be decoded and yet is not what its type is. */
  readonly misshapen?: StateProblem;
  /** The first KVS record without a key that can be read. */
  readonly keyless?: StateProblem;
  readonly kv?: KvReport;
}

/** One record, as the walker has found it. */
export interface Found {
  readonly type: number;
  /** Where it begins, and how many bytes count as its own. */
  readonly offset: number;
  readonly size: number;
  /** First byte of its value. */
  readonly descriptor: number;
  /** SHA-256 of its value, one character a byte. */
  readonly sha256: string;
}

/** The value of a record's field `Key`: its first byte, or -1 where there is none, and its content. */
export interface FoundKey {
  readonly descriptor: number;
  readonly buffer: Buffer;
  readonly from: number;
  readonly to: number;
}

interface Group {
  count: number;
  size: number;
  readonly offset: number;
  readonly digest: SetDigest;
}

export class Tally {
  private readonly groups = new Map<number, Group>();
  private readonly prefixes: Prefixes | undefined;
  private misshapen: StateProblem | undefined;
  private keyless: StateProblem | undefined;

  /** @param kv - count keys by prefix; left out, they are not */
  constructor(kv?: KvOptions) {
    if (kv !== undefined) this.prefixes = new Prefixes(kv);
  }

  add(record: Found, key: FoundKey): void {
    const { type, offset, size } = record;
    let group = this.groups.get(type);
    if (group === undefined) {
      group = { count: 0, size: 0, offset, digest: new SetDigest() };
      this.groups.set(type, group);
    }
    group.count += 1;
    group.size += size;
    group.digest.add(record.sha256);
    this.checkShape(record);
    if (type === KVS) this.addKey(record, key);
  }

  report(): Tallied {
    const groups = Array.from(this.groups, ([code, { count, size, digest, offset }]) => {
      return { code, type: typeName(code), count, size, digest: digest.toString(), offset };
    });
    return {
      groups: groups.sort((one, other) => other.size - one.size || (one.type < other.type ? -1 : 1)),
      ...(this.misshapen && { misshapen: this.misshapen }),
      ...(this.keyless && { keyless: this.keyless }),
      ...(this.prefixes && { kv: this.prefixes.report() }),
    };
  }

  private checkShape({ type, offset, descriptor }: Found): void {
    const shape = shapeOf(type);
    if (shape === undefined || (shape === "bytes" ? isRaw(descriptor) : isStruct(descriptor))) return;
    this.misshapen ??= { offset, message: `the ${typeName(type)} record is not what its type says` };
  }

  private addKey({ offset, size, descriptor }: Found, key: FoundKey): void {
    const isText = isMap(descriptor) && isString(key.descriptor);
    if (isText) this.prefixes?.add(key.buffer, key.from, key.to, size);
    else if (!isMap(descriptor) || key.descriptor >= 0) {
      this.keyless ??= { offset, message: "the KVS record has no key that can be read" };
    }
    if (!isText || key.from === key.to) this.misshapen ??= { offset, message: "the KVS record has no key" };
  }
}
