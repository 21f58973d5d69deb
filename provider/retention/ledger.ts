/**
 * The ledger of a series records its archives in one small object beside them, written at the end of each run with
 * retention. Credentials that may only add objects cannot change it, so they cannot make an unverified archive count.
 *
 * It saves work, limits removals, and says which archives runs have saved. An archive that it does not contain, or contains as
 * foreign, satisfies no rule and takes the place of no other. Without it, the next run hashes the archives that it relies on.
 */

import { createHash } from "node:crypto";
import { ledgerName } from "../catalog/ledgerName";
import { compact } from "../compact";
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
/** No save takes longer from its announcement, which one request separates from its archive. */
const ANNOUNCED_MS = 24 * 60 * 60 * 1000;

/** One archive that existed at the end of a run. */
interface Entry {
  /** Relative to the ledger's folder, so that the folder can be moved as a whole. */
  readonly name: string;
  /**
   * The version of the stored object, and the computed hash of its bytes; the hash is empty if they were not read, and the
   * version if the object did not exist yet.
   */
  readonly version: string;
  readonly storedSha256: string;
  /** Present on an archive that a run has found, and that no run has saved. */
  readonly foreign?: true;
  /** When its save was about to make it visible, by the store's clock. */
  readonly announcedAt?: string;
}

/** What a run has found out about the archives that it records. */
export interface Findings {
  /** The archives whose bytes are known to match their manifests. */
  readonly verified: { has(archive: KnownArchive): boolean };
  /** The archives that no run has saved. */
  readonly foreign: { has(archive: KnownArchive): boolean };
  /** The archives that this run has found and removed. */
  readonly removed: Iterable<KnownArchive>;
  /** A time before the run listed what is there, by the store's clock. */
  readonly listedAfter: Date;
}

/** An archive as recorded by a run. */
export interface KnownArchive {
  readonly archive: Pick<StoredObject, "key" | "version">;
  readonly storedSha256: string;
}

export class Ledger {
  private constructor(
    private readonly store: Store,
    private readonly key: string,
    private readonly series: string,
    /** The policy of the run that wrote the ledger; `undefined` if there is none yet. */
    private readonly policy: string | undefined,
    /**
     * Number of archives that the run did not remove only because of their age or a lock, and of those that were recorded since, or
     * that it has not found.
     */
    private readonly pending: number,
    /** Number of our own archives, the oldest, that did not fit: they are hashed again and do not count as new. */
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
    return Ledger.readAt(store, ledgerKey(template, series), series, signal);
  }

  private static async readAt(store: Store, key: string, series: string, signal: AbortSignal): Promise<Ledger> {
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

  /**
   * Whether a run has saved the archive, or a person has had the rules count it. A name under which something else is stored
   * now is not enough.
   */
  isOwn({ archive, storedSha256 }: KnownArchive): boolean {
    const known = this.entries.get(this.nameOf(archive.key));
    if (known === undefined || known.foreign === true) return false;
    return known.version === archive.version || known.storedSha256 === "" || known.storedSha256 === storedSha256;
  }

  /** Whether a run has saved an archive into the folder of this one, which may be below that of the ledger. */
  coversFolderOf(key: string): boolean {
    const folderOf = (name: string): string => name.slice(0, name.lastIndexOf("/") + 1);
    const folder = folderOf(this.nameOf(key));
    return [...this.entries.values()].some(({ name, foreign }) => foreign !== true && folderOf(name) === folder);
  }

  /** Number of archives that may be removed for those that did not count in earlier runs, with one that may be recorded already. */
  pendingWith(own: KnownArchive): number {
    return this.isOwn(own) ? Math.max(1, this.pending) : this.pending + 1;
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
   * Writes the ledger for the next run. What other runs have recorded since this one read it stays recorded, and so do archives
   * whose saves may still be under way.
   *
   * @param archives - if not all fit, the first ones are kept
   * @throws SnapshotError `STORE_*`
   */
  async write(
    policy: Policy,
    archives: readonly KnownArchive[],
    findings: Findings,
    pending: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { verified, foreign } = findings;
    const latest = await Ledger.readAt(this.store, this.key, this.series, signal);
    const entries = archives.map((known): Entry => {
      const name = this.nameOf(known.archive.key);
      const former = latest.entries.get(name) ?? this.entries.get(name);
      // Until its bytes are verified, an altered archive keeps its former entry.
      if (former !== undefined && former.version !== known.archive.version && !verified.has(known)) return former;
      const isForeign = foreign.has(known) && !latest.isOwn(known);
      const storedSha256 = verified.has(known) ? known.storedSha256 : "";
      return { name, version: known.archive.version, storedSha256, ...(isForeign ? { foreign: true } : {}) };
    });
    const names = new Set(entries.map(({ name }) => name));
    const unseen = latest.withoutGone(this, names, findings);
    const explained = pending + unseen.filter((entry) => entry.foreign !== true).length;
    // The newest first: if not all fit, the oldest are left out.
    await this.put(policyText(policy), [...unseen, ...entries], explained, 0, signal);
  }

  /**
   * The entries of archives that a run has not seen, without those that are gone: which it has removed, or which were there
   * before it began.
   *
   * @param former - the ledger that the run read before it listed what is there
   * @param seen - the names of the archives that are there
   */
  private withoutGone(former: Ledger, seen: ReadonlySet<string>, { removed, listedAfter }: Findings): readonly Entry[] {
    const removedNames = new Set([...removed].map(({ archive }) => this.nameOf(archive.key)));
    const unseen = [...this.entries.values()].filter(({ name }) => !seen.has(name));
    return unseen.flatMap((entry) => {
      const known = former.entries.get(entry.name);
      const isRecordedSince = known?.version !== entry.version || known.storedSha256 !== entry.storedSha256;
      if (isRecordedSince) return [entry];
      if (removedNames.has(entry.name) || entry.version !== "") return [];
      const { announcedAt = listedAfter.toISOString() } = entry;
      return listedAfter.getTime() - Date.parse(announcedAt) > ANNOUNCED_MS ? [] : [{ ...entry, announcedAt }];
    });
  }

  /**
   * Adds an archive that was saved, so that the next run counts it as our own, and may remove one more. Without a ledger
   * nothing is written. What other runs have recorded since this one read it is lost, so call it just after `read`.
   *
   * @throws SnapshotError `STORE_*`
   */
  async append(own: KnownArchive, signal: AbortSignal): Promise<void> {
    if (!this.isOwn(own)) await this.add(own, undefined, signal);
  }

  /**
   * The same for an archive that is about to become visible.
   *
   * @param at - the current time, by the store's clock
   * @throws SnapshotError `STORE_*`
   */
  async announce(key: string, storedSha256: string, at: Date, signal: AbortSignal): Promise<void> {
    await this.add({ archive: { key, version: "" }, storedSha256 }, at.toISOString(), signal);
  }

  private async add(own: KnownArchive, announcedAt: string | undefined, signal: AbortSignal): Promise<void> {
    if (this.policy === undefined) return;
    const { archive, storedSha256 } = own;
    const entry: Entry = {
      ...{ name: this.nameOf(archive.key), version: archive.version, storedSha256 },
      ...compact({ announcedAt }),
    };
    const others = [...this.entries.values()].filter(({ name }) => name !== entry.name);
    await this.put(this.policy, [entry, ...others], this.pendingWith(own), this.unlisted, signal);
  }

  /** @param unlisted - number of further archives */
  private async put(
    policy: string,
    archives: readonly Entry[],
    pending: number,
    unlisted: number,
    signal: AbortSignal,
  ): Promise<void> {
    const own = archives.filter(({ foreign }) => foreign !== true);
    const head = { schema: SCHEMA, series: this.series, policy, pending };
    const headBytes = byteLength({ ...head, unlisted: unlisted + own.length, archives: [] });
    // Those of others take no room from our own, and one that has no room left is found again by the next run.
    const ordered = [...own, ...archives.filter(({ foreign }) => foreign === true)];
    const listed = withinBytes(ordered, MAX_BYTES - headBytes).slice(0, MAX_ARCHIVES);
    const left = unlisted + Math.max(0, own.length - listed.length);
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
  if (!allKnown(entry)) return undefined;
  const announcedAt = fields?.time("announcedAt");
  return { ...entry, ...compact({ announcedAt }), ...(fields?.flag("foreign") === true ? { foreign: true } : {}) };
}
