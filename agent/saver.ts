/**
 * Saves by the schedules of the destinations, while this agent leads.
 *
 * One snapshot is taken for all destinations that are due, and delivered to each independently. A slow destination does not take
 * part in later rounds until it is done. A destination that fails receives the same archive again, with growing pauses, until
 * the next round.
 */

import { setMaxListeners } from "node:events";
import { explain } from "../provider/errors";
import type { TakenArchive } from "../provider/save/take";
import type { Board } from "./board";
import type { Clock } from "./clock";
import type { Destination } from "./config/destinations";
import type { Delivered } from "./deliver";
import type { Newest } from "./lastSaved";
import type { Log } from "./log";
import { nextDue, type Schedule, spacing } from "./schedule";
import { composed, remark } from "../provider/text";

export interface SaverOptions {
  readonly destinations: readonly Destination[];
  readonly schedule: Schedule;
  readonly jitterMs: number;
  /** 0 means no limit. */
  readonly maxFailures: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly board: Board;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly take: (signal: AbortSignal) => Promise<TakenArchive>;
  readonly deliver: (archive: TakenArchive, destination: Destination, signal: AbortSignal) => Promise<Delivered>;
  /** Called when it begins to lead, before it looks at the destinations. Default: not called. */
  readonly begin?: (signal: AbortSignal) => Promise<void>;
  /** What a destination has. */
  readonly lastSaved: (destination: Destination, signal: AbortSignal) => Promise<LastSaved>;
  /** Called after a delivery, when no destination lacks the newest snapshot that was due for it. */
  readonly complete: () => void;
}

/** `unknown`: the destination cannot be read. */
export type LastSaved = Newest | "unknown";

/** The state of one destination. */
interface Lane {
  readonly destination: Destination;
  /** The next time by the schedule. */
  next: Date;
  /** When the next delivery begins: at `next` plus the jitter, or earlier after a failure or on demand. */
  dueAt: Date;
  /** When to try the pending archive again. */
  retryAt: Date | undefined;
  /** The round whose archive it has not received yet. */
  pending: Round | undefined;
  /** When the newest snapshot for this destination was taken, until it arrives. It is kept when the agent loses leadership. */
  missedAt: Date | undefined;
  busy: Promise<void> | undefined;
  /** Number of consecutive failed rounds. */
  failures: number;
  /** Number of failed deliveries of the pending archive. */
  attempts: number;
}

interface Round {
  readonly archive: TakenArchive;
  readonly startedAt: Date;
}

const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 3_600_000;

export class Saver {
  readonly #options: SaverOptions;
  readonly #lanes: readonly Lane[];
  readonly #open = new Set<Round>();
  #takeFailures = 0;
  #wake = (): void => undefined;
  #isRunning = false;
  /** The jitter of each time by a schedule, in milliseconds. */
  readonly #jitters = new Map<number, number>();
  /** The last time that was read from the clock. */
  #lookedAt = new Date(0);
  /** How often a snapshot was requested. */
  #demands = 0;

  constructor(options: SaverOptions) {
    this.#options = options;
    this.#lanes = options.destinations.map((destination) => ({
      destination,
      next: new Date(0),
      dueAt: new Date(0),
      retryAt: undefined,
      pending: undefined,
      missedAt: undefined,
      busy: undefined,
      failures: 0,
      attempts: 0,
    }));
  }

  /**
   * Runs until it has to end.
   *
   * @param held - aborted when all work must stop immediately
   * @param stop - aborted when no further round may begin
   * @returns whether the agent gave up after too many failures
   */
  async run(held: AbortSignal, stop: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    this.#isRunning = true;
    const demandsBefore = this.#demands;
    // Each destination listens, and Node.js would warn about more than ten.
    setMaxListeners(0, held, stop);
    const wake = (): void => this.#wake();
    held.addEventListener("abort", wake);
    stop.addEventListener("abort", wake);
    this.#takeFailures = 0;
    const isEnding = (): boolean => held.aborted || stop.aborted;
    try {
      try {
        await this.#begin(held);
      } catch (error) {
        if (held.aborted) return false;
        throw error;
      }
      // A snapshot may have been requested in the meantime.
      if (this.#demands > demandsBefore) for (const lane of this.#lanes) lane.dueAt = clock.now();
      while (!isEnding()) {
        if (this.#hasGivenUp()) return true;
        const now = clock.now();
        if (now < this.#lookedAt) this.#reschedule(now);
        this.#lookedAt = now;
        const due = this.#lanes.filter((lane) => lane.busy === undefined && lane.dueAt <= now);
        if (due.length > 0) await this.#round(due, now, held);
        for (const lane of this.#lanes) {
          const isDue = lane.retryAt !== undefined && lane.retryAt <= now;
          if (isDue && lane.busy === undefined && lane.pending !== undefined) this.#send(lane, lane.pending, held);
        }
        if (due.length === 0) await this.#sleep(isEnding);
      }
      return false;
    } finally {
      this.#isRunning = false;
      await this.settled();
      for (const lane of this.#lanes) lane.pending = undefined;
      await this.#closeUnused();
      held.removeEventListener("abort", wake);
      stop.removeEventListener("abort", wake);
    }
  }

  /**
   * Makes every destination due: at once, or as soon as it is no longer being written to.
   *
   * @returns whether a snapshot will be taken
   */
  trigger(): boolean {
    if (!this.#isRunning) return false;
    this.#demands++;
    for (const lane of this.#lanes) lane.dueAt = this.#options.clock.now();
    this.#wake();
    return true;
  }

  /** Resolves when no destination is being written to. */
  async settled(): Promise<void> {
    await Promise.all(this.#lanes.map(({ busy }) => busy ?? Promise.resolve()));
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { begin, lastSaved, clock } = this.#options;
    await begin?.(signal);
    const found = await Promise.all(
      this.#lanes.map(async (lane) => ({ lane, last: await lastSaved(lane.destination, signal) })),
    );
    // The same time for all: those that are due at once share a snapshot, also the later ones.
    const now = clock.now();
    for (const { lane, last } of found) this.#beginLane(lane, last, now);
  }

  #beginLane(lane: Lane, last: LastSaved, now: Date): void {
    lane.failures = 0;
    lane.retryAt = undefined;
    const { takenAt, restorableAt }: Newest = last === "unknown" ? {} : last;
    if (restorableAt !== undefined) this.#options.board.found(lane.destination.name, restorableAt);
    // If the destination cannot be read, the agent relies on its own knowledge.
    if (last !== "unknown" && restorableAt === undefined) lane.next = now;
    else if (last !== "unknown" || lane.next.getTime() === 0) {
      lane.next = nextDue(this.#scheduleOf(lane), takenAt, now);
    }
    // Another agent may have saved in the meantime.
    if (lane.missedAt !== undefined && takenAt !== undefined && takenAt >= lane.missedAt) lane.missedAt = undefined;
    if (lane.next <= now) lane.missedAt ??= now;
    this.#setDue(lane, lane.missedAt === undefined ? this.#delayed(lane.next) : now);
  }

  async #round(lanes: readonly Lane[], startedAt: Date, held: AbortSignal): Promise<void> {
    const { take, board, log, clock } = this.#options;
    for (const lane of lanes) {
      lane.missedAt = startedAt;
      board.began(lane.destination.name, startedAt);
    }
    let archive: TakenArchive;
    try {
      archive = await take(held);
      board.observe("take", (clock.now().getTime() - startedAt.getTime()) / 1000);
    } catch (error) {
      if (held.aborted) return;
      this.#takeFailures++;
      board.notTaken(error);
      const now = clock.now();
      for (const lane of lanes) {
        board.failed(lane.destination.name, error, now);
        this.#advance(lane, startedAt, now);
        this.#setDue(lane, earlier(lane.next, this.#retryTime(this.#takeFailures)));
      }
      log.error(composed`no snapshot could be taken: ${explain(error)}`);
      return;
    }
    this.#takeFailures = 0;
    const round: Round = { archive, startedAt };
    this.#open.add(round);
    const now = clock.now();
    for (const lane of lanes) {
      this.#advance(lane, startedAt, now);
      this.#setDue(lane, this.#delayed(lane.next));
      lane.attempts = 0;
      lane.pending = round;
      this.#send(lane, round, held);
    }
    await this.#closeUnused();
  }

  #send(lane: Lane, round: Round, held: AbortSignal): void {
    lane.retryAt = undefined;
    lane.busy = this.#sendAll(lane, round, held).finally(() => {
      lane.busy = undefined;
      this.#wake();
    });
  }

  async #sendAll(lane: Lane, round: Round, held: AbortSignal): Promise<void> {
    const { deliver, board, log, clock, complete } = this.#options;
    const { name } = lane.destination;
    const id = round.archive.nanoseconds;
    const startedAt = clock.now();
    try {
      const delivered = await deliver(round.archive, lane.destination, held);
      const endedAt = clock.now();
      board.delivered(name, delivered, round.startedAt, endedAt);
      board.observe("deliver", (endedAt.getTime() - startedAt.getTime()) / 1000);
      log.info(remark`Saved snapshot`, { id, ...(this.#lanes.length === 1 ? {} : { destination: name }) });
      lane.failures = 0;
      lane.pending = undefined;
      lane.missedAt = undefined;
      if (this.#lanes.every(({ missedAt }) => missedAt === undefined)) complete();
    } catch (error) {
      if (held.aborted) return;
      board.failed(name, error, clock.now());
      if (lane.attempts === 0) lane.failures++;
      lane.attempts++;
      lane.retryAt = this.#retryTime(lane.attempts);
      log.error(composed`the snapshot could not be saved: ${explain(error)}`, { id, destination: name });
    } finally {
      await this.#closeUnused();
    }
  }

  /** Closes archives that no destination waits for; until then, an archive stays in its temporary file. */
  async #closeUnused(): Promise<void> {
    for (const round of this.#open) {
      if (this.#lanes.some(({ pending }) => pending === round)) continue;
      this.#open.delete(round);
      await round.archive.close();
    }
  }

  #hasGivenUp(): boolean {
    const { maxFailures, log } = this.#options;
    const most = this.#lanes.reduce((max, { failures }) => Math.max(max, failures), this.#takeFailures);
    if (maxFailures === 0 || most < maxFailures) return false;
    log.warn(remark`gave up leadership after ${most} failures in a row, so that another agent can try`);
    return true;
  }

  async #sleep(isEnding: () => boolean): Promise<void> {
    const { clock } = this.#options;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const times = this.#lanes
      .filter(({ busy }) => busy === undefined)
      .flatMap(({ dueAt, retryAt, pending }) => [dueAt, ...(retryAt === undefined || !pending ? [] : [retryAt])]);
    // If all destinations are busy, only the end of a delivery matters.
    const until = times.reduce(earlier, new Date(clock.now().getTime() + LONGEST_RETRY_MS));
    if (!isEnding()) await clock.wait(until, woken.signal);
    this.#wake = () => undefined;
  }

  /** Advances the schedule; a snapshot on demand or a retry does not shift it. */
  #advance(lane: Lane, startedAt: Date, now: Date): void {
    if (lane.next > startedAt) return;
    const schedule = this.#scheduleOf(lane);
    // If the machine slept or the clock was set forward, this snapshot stands for all that were missed.
    const isMissed = nextDue(schedule, lane.next, startedAt) <= startedAt;
    lane.next = nextDue(schedule, isMissed ? startedAt : lane.next, now);
  }

  /** A time of the schedule with its jitter. Destinations that are due together stay together. */
  #delayed(next: Date): Date {
    const time = next.getTime();
    const jitter = this.#jitters.get(time) ?? Math.floor(this.#options.random() * this.#options.jitterMs);
    this.#jitters.set(time, jitter);
    for (const each of this.#jitters.keys()) {
      if (each !== time && !this.#lanes.some((lane) => lane.next.getTime() === each)) this.#jitters.delete(each);
    }
    return new Date(time + jitter);
  }

  /** After the clock was set back: without this, no snapshot would be taken until it reaches the former times again. */
  #reschedule(now: Date): void {
    for (const lane of this.#lanes) {
      const schedule = this.#scheduleOf(lane);
      if (lane.next.getTime() > now.getTime() + spacing(schedule, now)) {
        lane.next = nextDue(schedule, undefined, now);
        this.#setDue(lane, lane.next > now ? this.#delayed(lane.next) : now);
      }
      if (lane.retryAt !== undefined && lane.retryAt.getTime() > now.getTime() + LONGEST_RETRY_MS) lane.retryAt = now;
    }
  }

  #setDue(lane: Lane, dueAt: Date): void {
    lane.dueAt = dueAt;
    this.#options.board.of(lane.destination.name).nextStart = dueAt;
  }

  #scheduleOf({ destination }: Lane): Schedule {
    return destination.schedule ?? this.#options.schedule;
  }

  #retryTime(attempts: number): Date {
    const pause = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS);
    return new Date(this.#options.clock.now().getTime() + pause);
  }
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
