/** Summarizes a state: the number and digest of the records of each type, and the number of keys by prefix. */

import { BuiltinPolicies, type PolicyClash } from "./builtinPolicies";
import { SetDigest } from "./digest";
import { isMap, isString } from "./head";
import { type KvOptions, type KvReport, Prefixes } from "./prefixes";
import { bodyOf, rewrittenKeysOf, typeName } from "../recordTypeLookup";
import { ACL_POLICY, CONFIG_ENTRY, KVS, REGISTER } from "../recordTypes";
import { NameBudget } from "./nameBudget";
import { Registrations } from "./registration";
import { RestoreOrder } from "./restoreOrder";
import { Tenancy, type TenancyReport } from "./tenancy";
import type { Work } from "./work";
import { beginningProblem, configEntryKindOf, itemProblem, recordProblem } from "./recordCheck";

/** All records of one type. */
export interface RecordGroup {
  /** The type's number, and its name as Consul prints it. */
  readonly code: number;
  readonly type: string;
  readonly count: number;
  /** Size of the records in bytes, including type bytes; the first record of the state also includes the header. */
  readonly size: number;
  /** Digest of the set of records, in any order, without records that servers rewrite on their own: 64 hex digits. */
  readonly digest: string;
  /** Where the first record begins in `state.bin`. */
  readonly offset: number;
}

export interface StateProblem {
  /** Where the record begins in `state.bin`. */
  readonly offset: number;
  /** What is wrong, as the end of a sentence that begins with the position. */
  readonly message: string;
}

export interface Tallied {
  /** The largest first; those of equal size by name. */
  readonly groups: readonly RecordGroup[];
  /** The kinds of the configuration entries, in order of appearance. */
  readonly configEntryKinds: readonly { readonly kind: string; readonly count: number; readonly offset: number }[];
  /** The first record that can be decoded but does not have the form of its type. */
  readonly misshapen?: StateProblem;
  /** How many records are too large to be checked field by field; absent if all were checked. */
  readonly unchecked?: number;
  /** Whether there are too many names of nodes, services and policies to compare all of them; absent if all were compared. */
  readonly hasUncomparedNames?: true;
  /** What some servers drop from the records; absent if every server keeps everything. */
  readonly tenancy?: TenancyReport;
  /** A policy that has the name of a built-in one. */
  readonly policyClash?: PolicyClash;
  /** The first KVS record without a readable key. */
  readonly keyless?: StateProblem;
  readonly kv?: KvReport;
}

/** One record, as the walker found it. */
export interface Found {
  readonly type: number;
  /** Where the record begins, and its size as Consul counts it. */
  readonly offset: number;
  readonly size: number;
  /** The value; only its first bytes if it is too large to be kept in memory. */
  readonly beginning: Buffer;
  /** SHA-256 of the value, one character per byte. */
  readonly sha256: string;
  /** `undefined` if it is too large to be kept in memory. */
  readonly value: Buffer | undefined;
  /** Whether it was checked although it is too large to be kept in memory. Default: false */
  readonly isChecked?: boolean;
}

/** The value of a record's field `Key`: its descriptor (-1 if there is no such field) and its content. */
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

/** Maximum number of kinds; no version of Consul has as many. */
const MAX_KINDS = 100;
/** Maximum length of a kind's name; no real one is as long. */
const MAX_KIND_LENGTH = 100;

export class Tally {
  private readonly kinds = new Map<string, { count: number; offset: number }>();
  private readonly groups = new Map<number, Group>();
  private readonly prefixes: Prefixes | undefined;
  private readonly tenancy: Tenancy;
  private readonly policies: BuiltinPolicies;
  private readonly registrations: Registrations;
  private readonly order = new RestoreOrder();
  private misshapen: StateProblem | undefined;
  private unchecked = 0;
  private keyless: StateProblem | undefined;

  /**
   * @param work - counts the decoded values
   * @param kv - count keys by prefix. Default: keys are not counted
   * @param names - limits the names that are remembered. Default: 500,000
   */
  constructor(
    private readonly work: Work,
    kv?: KvOptions,
    private readonly names = new NameBudget(),
  ) {
    this.tenancy = new Tenancy(names);
    this.policies = new BuiltinPolicies(names);
    this.registrations = new Registrations(this.tenancy, names);
    if (kv !== undefined) this.prefixes = new Prefixes(kv);
  }

  add(record: Found, key: FoundKey): void {
    const { type, offset, size } = record;
    const group = this.count(type, offset, size);
    if (!isRewritten(type, key)) group.digest.add(record.sha256);
    this.checkBody(record);
    if (type === KVS) this.addKey(record, key);
    if (type === CONFIG_ENTRY) this.addKind(record);
  }

  /** Adds a KVS record that is exactly as Consul writes it: it needs no further check. */
  addPlainKv(sha256: string, offset: number, size: number, buffer: Buffer, keyFrom: number, keyTo: number): void {
    this.count(KVS, offset, size).digest.add(sha256);
    this.prefixes?.add(buffer, keyFrom, keyTo, size);
  }

  report(): Tallied {
    const tenancy = this.tenancy.report();
    const { clash } = this.policies;
    const groups = Array.from(this.groups, ([code, { count, size, digest, offset }]) => {
      return { code, type: typeName(code), count, size, digest: digest.toString(), offset };
    });
    return {
      groups: groups.sort((one, other) => other.size - one.size || (one.type < other.type ? -1 : 1)),
      configEntryKinds: Array.from(this.kinds, ([kind, { count, offset }]) => ({ kind, count, offset })),
      ...(this.misshapen && { misshapen: this.misshapen }),
      ...(this.unchecked > 0 && { unchecked: this.unchecked }),
      ...(this.names.isExceeded && { hasUncomparedNames: true }),
      ...(tenancy && { tenancy }),
      ...(clash && { policyClash: clash }),
      ...(this.keyless && { keyless: this.keyless }),
      ...(this.prefixes && { kv: this.prefixes.report() }),
    };
  }

  private count(type: number, offset: number, size: number): Group {
    let group = this.groups.get(type);
    if (group === undefined) {
      group = { count: 0, size: 0, offset, digest: new SetDigest() };
      this.groups.set(type, group);
    }
    group.count += 1;
    group.size += size;
    return group;
  }

  /** Checks one item of a record that is a list, and too large to be kept in memory. @param offset - of the record */
  checkItem(type: number, offset: number, item: Buffer): void {
    const body = this.misshapen === undefined ? bodyOf(type) : undefined;
    const problem = body === undefined ? undefined : itemProblem(body, item, this.work);
    if (problem !== undefined) this.misshapen = { offset, message: `the ${typeName(type)} record ${problem}` };
  }

  /** Of a value that is too large to be kept in memory, and was not checked before, only the first byte is checked. */
  private checkBody({ type, offset, beginning, value, isChecked = false }: Found): void {
    if (value === undefined && !isChecked) this.unchecked += 1;
    const body = this.misshapen === undefined ? bodyOf(type) : undefined;
    if (body === undefined) return;
    const problem =
      this.order.add(type, value) ??
      (value === undefined
        ? beginningProblem(body, beginning[0] as number)
        : (recordProblem(body, value, this.work) ??
          (type === REGISTER ? this.registrations.add(value, offset) : undefined)));
    if (problem !== undefined) this.misshapen = { offset, message: `the ${typeName(type)} record ${problem}` };
    else if (value !== undefined) {
      const isTenant = this.tenancy.add(type, value, offset);
      if (type === ACL_POLICY) this.policies.add(value, isTenant, offset);
    }
  }

  private addKind({ offset, beginning }: Found): void {
    // The beginning of an overlong kind is enough: no version has such a kind.
    const kind = configEntryKindOf(beginning)?.slice(0, MAX_KIND_LENGTH);
    if (kind === undefined) return;
    const known = this.kinds.get(kind);
    if (known !== undefined) known.count += 1;
    else if (this.kinds.size < MAX_KINDS) this.kinds.set(kind, { count: 1, offset });
  }

  private addKey({ offset, size, beginning }: Found, key: FoundKey): void {
    const descriptor = beginning[0] as number;
    const isText = isMap(descriptor) && isString(key.descriptor);
    if (isText) this.prefixes?.add(key.buffer, key.from, key.to, size);
    else if (!isMap(descriptor) || key.descriptor >= 0) {
      this.keyless ??= { offset, message: "the KVS record has no key that can be read" };
    }
  }
}

function isRewritten(type: number, { buffer, from, to }: FoundKey): boolean {
  return rewrittenKeysOf(type)?.includes(buffer.toString("latin1", from, to)) === true;
}
