/** One run of retention: its target, and the archives found there. */

import type { Store } from "../store/store";
import type { KnownArchive, Ledger } from "./ledger";
import type { Found, Listing } from "./listing";
import type { ManifestCache } from "./manifestCache";
import type { Archive, Policy } from "./policy";

export interface Place {
  readonly store: Store;
  /** The target's name template; its constant prefix is listed. */
  readonly template: string;
  readonly policy: Policy;
  readonly now: Date;
  /** Archives written less than this before the newest one stay, in milliseconds. Default: ten minutes. */
  readonly sparedMs?: number;
  /** What earlier runs of this process have read. Default: all manifests are read. */
  readonly cache?: ManifestCache;
}

/** One run, with its findings. */
export interface Run extends Place {
  readonly series: string;
  /** The archive that the policy takes as the new one, and its stored object. */
  readonly fresh: Archive;
  readonly own: KnownArchive;
  readonly others: readonly Found[];
  readonly listing: Listing;
  readonly ledger: Ledger;
  /** Whether a user requested it. If so, there is no new archive. */
  readonly isDeliberate: boolean;
}
