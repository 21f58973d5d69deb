/**
 * The ledger of a series records its archives in one small object beside them, written at the end of each run with
 * retention. Credentials that may only add objects cannot change it, so they cannot make an unverified archive count.
 *
 * It only saves work and limits removals. Without it, the next run hashes the archives that it relies on.
 */

import { createHash } from "node:crypto";
import { ledgerName } from "../catalog/ledgerName";
import { allKnown, Fields } from "../fields";
import { fixedFolder } from "../store/nameTemplate";
import { MAX_BYTES, putSmallObject, readSmallObject } from "../store/smallObject";
import type { Store, StoredObject } from "../store/store";
import { isRule, type Policy } from "./policy";

const SCHEMA = 1;
/**
 * Maximum number of archives: the reader limits the number of values in a JSON document, and the size of a small
 * object.
 */
const MAX_ARCHIVES = 6000;

/** One archive that existed at the end of a run. */
interface Entry {
  /** Relative to the ledger's folder, so that the folder can be moved as a whole. */
  readonly name: string;
  /** The version of the stored object, and the computed hash of its bytes; the hash is empty if they were not read. */
  readonly version: string;
  readonly storedSha256: string;
}

/** An archive as recorded by a run. */
export interface KnownArchive {
  readonly archive: StoredObject;
  readonly storedSha256: string;
}

export class Ledger {
  private constructor(
    private readonly store: Store,
    private readonly key: string,
    private readonly series: string,
    /** The policy of the run that wrote the ledger; `undefined` if there is none yet. */
    private readonly policy: string | undefined,
    /** Number of archives that this run did not remove only because of their age or a lock. */
    readonly pending: number,
    /** Number of archives that did not fit: they are hashed again and do not count as new. */
    readonly unlisted: number,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  /**
   * Reads the ledger. A missing or unreadable ledger is empty.
   *
   * @param template - the target's name template
   * @throws SnapshotError `STORE_*`
   */
  static async read(store: Store, template: string, series: string, signal: AbortSignal): Promise<Ledger> {
    const key = ledgerKey(template, series);
    const found = await readSmallObject(store, key, { signal });
    const fields = found === undefined ? undefined : Fields.parse(found.bytes);
    const entries = fields?.count("schema") === SCHEMA ? fields.list("archives", entryOf) : undefined;
    const policy = entries === undefined ? undefined : (fields?.text("policy") ?? "");
    const pending = fields?.count("pending") ?? 0;
    const unlisted = fields?.count("unlisted") ?? 0;
    const byName = new Map((entries ?? []).map((each) => [each.name, each]));
    return new Ledger(store, key, series, policy, pending, unlisted, byName);
  }

  /** Whether an earlier run has written a ledger. */
  get exists(): boolean {
    return this.policy !== undefined;
  }

  /** The policy of the run that wrote it; `undefined` if there is none yet, or if it cannot be parsed. */
  get rules(): Policy | undefined {
    return this.policy === undefined ? undefined : policyOf(this.policy);
  }

  isPolicy(policy: Policy): boolean {
    return this.policy === policyText(policy);
  }

  /** Whether the archive existed when an earlier run ended. */
  knows({ archive }: KnownArchive): boolean {
    return this.entries.has(this.nameOf(archive.key));
  }

  /** Whether an earlier run verified that the bytes of this very object match its manifest. */
  hasVerified({ archive, storedSha256 }: KnownArchive): boolean {
    const known = this.entries.get(this.nameOf(archive.key));
    return known?.version === archive.version && known.storedSha256 === storedSha256;
  }

  /** Whether the object was rewritten since an earlier run recorded it. A copy to another disk looks the same. */
  isAltered({ archive }: KnownArchive): boolean {
    const known = this.entries.get(this.nameOf(archive.key));
    return known !== undefined && known.version !== archive.version;
  }

  /**
   * Writes the ledger for the next run.
   *
   * @param archives - if not all fit, the first ones are kept
   * @param verified - the archives whose bytes are known to match their manifests
   * @throws SnapshotError `STORE_*`
   */
  async write(
    policy: Policy,
    archives: readonly KnownArchive[],
    verified: { has(archive: KnownArchive): boolean },
    pending: number,
    signal: AbortSignal,
  ): Promise<void> {
    const entries = archives.map((known): Entry => {
      const name = this.nameOf(known.archive.key);
      const former = this.entries.get(name);
      // Until its bytes are verified, an altered archive keeps its former entry.
      if (former !== undefined && this.isAltered(known) && !verified.has(known)) return former;
      return { name, version: known.archive.version, storedSha256: verified.has(known) ? known.storedSha256 : "" };
    });
    await this.put(policyText(policy), entries, pending, 0, signal);
  }

  /**
   * Adds the archive of a run that removes nothing, so that it does not count as unknown in the next run. It explains
   * one more removal. Without a ledger nothing is written.
   *
   * @throws SnapshotError `STORE_*`
   */
  async append(own: KnownArchive, signal: AbortSignal): Promise<void> {
    if (this.policy === undefined || this.knows(own)) return;
    const { archive, storedSha256 } = own;
    const entry: Entry = { name: this.nameOf(archive.key), version: archive.version, storedSha256 };
    await this.put(this.policy, [entry, ...this.entries.values()], this.pending + 1, this.unlisted, signal);
  }

  /** @param unlisted - number of further archives */
  private async put(
    policy: string,
    archives: readonly Entry[],
    pending: number,
    unlisted: number,
    signal: AbortSignal,
  ): Promise<void> {
    const head = { schema: SCHEMA, series: this.series, policy, pending };
    const headBytes = byteLength({ ...head, unlisted: unlisted + archives.length, archives: [] });
    const listed = withinBytes(archives, MAX_BYTES - headBytes).slice(0, MAX_ARCHIVES);
    const left = unlisted + archives.length - listed.length;
    const text = JSON.stringify({ ...head, ...(left === 0 ? {} : { unlisted: left }), archives: listed });
    await putSmallObject(this.store, this.key, Buffer.from(`${text}\n`), true, { signal });
  }

  private nameOf(key: string): string {
    return key.slice(fixedFolder(this.key).length);
  }
}

/** The first entries that fit, counting a separator for each. */
function withinBytes(entries: readonly Entry[], bytes: number): readonly Entry[] {
  let left = bytes;
  const end = entries.findIndex((entry) => (left -= byteLength(entry) + 1) < 0);
  return end < 0 ? entries : entries.slice(0, end);
}

function byteLength(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The key of a series' ledger. */
export function ledgerKey(template: string, series: string): string {
  return fixedFolder(template) + ledgerName(createHash("sha256").update(series).digest("hex").slice(0, 16));
}

/** A string that is equal for equal policies. */
function policyText(policy: Policy): string {
  return JSON.stringify(Object.entries(policy).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Parses a string written by `policyText`; `undefined` for anything else. */
function policyOf(text: string): Policy | undefined {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(entries)) return undefined;
  const rules = entries.filter(
    (entry): entry is [string, number] =>
      Array.isArray(entry) && isRule(String(entry[0])) && Number.isSafeInteger(entry[1]),
  );
  return rules.length === entries.length ? Object.fromEntries(rules) : undefined;
}

function entryOf(value: unknown): Entry | undefined {
  const fields = Fields.of(value);
  const entry = {
    name: fields?.text("name"),
    version: fields?.text("version"),
    storedSha256: fields?.text("storedSha256", 64),
  };
  return allKnown(entry) ? entry : undefined;
}
