/** What the agent knows about its own work: the source of metrics, status and pages. */

import type { Manifest } from "../provider/catalog/manifest";
import { explainInOneLine, SnapshotError } from "../provider/errors";
import type { Destination } from "./config/destinations";
import type { Delivered } from "./deliver";
import { type CleanText } from "../provider/text";

/** The status of one destination, in the terms of Vault's automated snapshots. */
export interface DestinationStatus {
  readonly name: string;
  lastStart?: Date;
  lastEnd?: Date;
  /** The start of the newest snapshot that it has. */
  lastSuccess?: Date;
  lastManifest?: Manifest;
  lastError?: { readonly code: string; readonly message: CleanText };
  nextStart?: Date;
  consecutiveErrors: number;
  successes: number;
  failures: number;
  kept?: number;
  removed: number;
  readonly errorsByCode: Map<string, number>;
}

export class Board {
  readonly startedAt: Date;
  isLeader = false;
  /** Since when the agent leads, or waits. */
  since: Date;
  readonly destinations: readonly DestinationStatus[];
  readonly takeErrorsByCode = new Map<string, number>();
  /** Whether another agent leads, and this one waits for its lock. */
  isStandby = false;
  /** Receives how long each phase took. Default: not called. */
  observe: (phase: "take" | "deliver", seconds: number) => void = () => undefined;

  constructor(destinations: readonly Pick<Destination, "name">[], now: Date) {
    this.startedAt = now;
    this.since = now;
    this.destinations = destinations.map(({ name }) => ({
      name,
      consecutiveErrors: 0,
      successes: 0,
      failures: 0,
      removed: 0,
      errorsByCode: new Map(),
    }));
  }

  of(name: string): DestinationStatus {
    const status = this.destinations.find((each) => each.name === name);
    if (status === undefined) throw new Error(`no destination ${name}`);
    return status;
  }

  setLeader(isLeader: boolean, now: Date): void {
    this.isLeader = isLeader;
    this.isStandby = false;
    this.since = now;
  }

  setStandby(now: Date): void {
    this.isStandby = true;
    this.since = now;
  }

  began(name: string, now: Date): void {
    this.of(name).lastStart = now;
  }

  delivered(name: string, { manifest, pruned }: Delivered, startedAt: Date, now: Date): void {
    const status = this.of(name);
    status.lastEnd = now;
    status.lastSuccess = startedAt;
    status.lastManifest = manifest;
    status.consecutiveErrors = 0;
    status.successes++;
    status.removed += pruned?.removed ?? 0;
    if (pruned !== undefined) status.kept = pruned.kept;
    delete status.lastError;
  }

  failed(name: string, error: unknown, now: Date): void {
    const status = this.of(name);
    const code = codeOf(error);
    status.lastEnd = now;
    status.lastError = { code, message: explainInOneLine(error) };
    status.consecutiveErrors++;
    status.failures++;
    status.errorsByCode.set(code, (status.errorsByCode.get(code) ?? 0) + 1);
  }

  notTaken(error: unknown): void {
    const code = codeOf(error);
    this.takeErrorsByCode.set(code, (this.takeErrorsByCode.get(code) ?? 0) + 1);
  }
}

function codeOf(error: unknown): string {
  return error instanceof SnapshotError ? error.code : "UNKNOWN";
}
