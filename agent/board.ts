/** What the agent knows about its own work: the source of metrics, status and pages. */

import type { Manifest } from "../provider/catalog/manifest";
import { explainInOneLine, SnapshotError } from "../provider/errors";
import type { Destination } from "./config/destinations";
import type { Delivered } from "./deliver";
import { type CleanText } from "../provider/text";

/** How the board distinguishes destinations: by their names, and over several configurations by their places. */
export type BoardDestination = Pick<Destination, "name"> & Partial<Pick<Destination, "place">>;

/** The status of one destination, in the terms of Vault's automated snapshots. */
export interface DestinationStatus {
  readonly name: string;
  readonly place: string | undefined;
  lastStart?: Date;
  lastEnd?: Date;
  /** When the newest snapshot that it has was begun, by whichever agent. */
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

/** One for the whole life of the process: what is known of a destination outlasts a change of the configuration. */
export class Board {
  readonly startedAt: Date;
  isLeader = false;
  /** Since when the agent leads, or waits. */
  since: Date;
  #destinations: readonly DestinationStatus[] = [];
  readonly takeErrorsByCode = new Map<string, number>();
  /** Whether another agent leads, and this one waits for its lock. */
  isStandby = false;
  /** Receives how long each phase took. Default: not called. */
  observe: (phase: "take" | "deliver", seconds: number) => void = () => undefined;

  constructor(destinations: readonly BoardDestination[], now: Date) {
    this.startedAt = now;
    this.since = now;
    this.configure(destinations, now);
  }

  get destinations(): readonly DestinationStatus[] {
    return this.#destinations;
  }

  /** Another configuration is served from now on. Destinations at the same place keep what is known of them. */
  configure(destinations: readonly BoardDestination[], now: Date): void {
    const former = this.#destinations;
    const isNamed = (name: string): boolean => destinations.some((each) => each.name === name);
    const renamed = new Set<DestinationStatus>();
    this.#destinations = destinations.map(({ name, place }) => {
      const there = former.filter((each) => each.place === place);
      // A destination that was renamed is one whose former name is no longer used. It continues as one only.
      const successor = there.find((each) => !isNamed(each.name) && !renamed.has(each));
      const known = there.find((each) => each.name === name) ?? successor;
      if (known !== undefined && known === successor) renamed.add(known);
      const status: DestinationStatus = { ...(known ?? nothingKnown()), name, place };
      // When the next snapshot is due follows from the new configuration.
      delete status.nextStart;
      return status;
    });
    this.isStandby = false;
    this.since = now;
  }

  of(name: string): DestinationStatus {
    const status = this.#destinations.find((each) => each.name === name);
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

  /** A listing has found an archive, which this agent or another one has saved. */
  found(name: string, takenAt: Date): void {
    const status = this.of(name);
    const { lastSuccess, lastManifest } = status;
    const isKnown = lastManifest !== undefined && new Date(lastManifest.takenAt) >= takenAt;
    if (isKnown || (lastSuccess !== undefined && lastSuccess >= takenAt)) return;
    status.lastSuccess = takenAt;
    delete status.lastManifest;
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

function nothingKnown() {
  return { consecutiveErrors: 0, successes: 0, failures: 0, removed: 0, errorsByCode: new Map<string, number>() };
}

function codeOf(error: unknown): string {
  return error instanceof SnapshotError ? error.code : "UNKNOWN";
}
