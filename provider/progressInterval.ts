/** How often progress is reported and shown. */

import { performance } from "node:perf_hooks";
import type { Phase, WorkEvent } from "./events";

const EVERY_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

type Show = (event: WorkEvent) => void;

/** The progress of one snapshot, reported every second. */
export interface SnapshotProgress {
  /** Consul is reachable. */
  connected(): void;
  /**
   * A request is retried after a pause, in which there is nothing to report. If Consul has not answered, it may be
   * unreachable.
   */
  retrying(answered: boolean, pauseMs: number): void;
  received(bytes: number): void;
  /** Reports the last event: the saved bytes and the duration. */
  saved(): void;
  stop(): void;
}

export function startProgress(show: Show): SnapshotProgress {
  const started = performance.now();
  let isConnected = false;
  let pausedUntil = started;
  let firstByteAt: number | undefined;
  let done = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    if (now < pausedUntil) return;
    if (firstByteAt === undefined) {
      show({ phase: isConnected ? "waitingForSnapshot" : "connecting", elapsedMs: now - started });
    } else {
      show({ phase: "receiving", done, rate: (done * 1000) / Math.max(1, now - firstByteAt) });
    }
  }, EVERY_MS);
  timer.unref();
  return {
    connected: () => (isConnected = true),
    retrying(answered, pauseMs) {
      isConnected &&= answered;
      pausedUntil = performance.now() + pauseMs;
    },
    received(bytes) {
      firstByteAt ??= performance.now();
      done += bytes;
    },
    saved() {
      clearInterval(timer);
      show({ phase: "saved", done, elapsedMs: performance.now() - started });
    },
    stop: () => clearInterval(timer),
  };
}

/** Reports at most one event per second; events are created only if they are reported. */
export function throttled(show: Show): (make: () => WorkEvent) => void {
  let next = 0;
  return (make) => {
    const now = performance.now();
    if (now < next) return;
    next = now + EVERY_MS;
    show(make());
  };
}

/**
 * For outputs where lines stay: shows a phase when it begins, then at growing intervals, and when it is complete.
 *
 * @param firstPauseMs - the pause between the first two events of a phase; each further pause is twice as long, up to a
 * minute
 * @param now - a monotonic clock, in milliseconds
 */
export function paced(show: Show, firstPauseMs: number, now = (): number => performance.now()): Show {
  const phases = new Map<Phase, { readonly next: number; readonly pauseMs: number; isOpen: boolean }>();
  return (event) => {
    const at = now();
    const seen = phases.get(event.phase);
    const isComplete = "total" in event && event.done >= event.total;
    if (seen !== undefined && at < seen.next && !(seen.isOpen && isComplete)) return;
    const pauseMs = seen === undefined ? firstPauseMs : Math.min(2 * seen.pauseMs, LONGEST_PAUSE_MS);
    phases.set(event.phase, { next: at + pauseMs, pauseMs, isOpen: !isComplete });
    show(event);
  };
}
