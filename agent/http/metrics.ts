/** `/metrics`: what the board knows, for Prometheus. */

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { recordsIn } from "../../provider/catalog/manifest";
import { writtenBy } from "../../provider/catalog/packageVersion";
import type { Board, DestinationStatus } from "../board";
import { type CleanLines, cleanMessage } from "../../provider/text";

const PREFIX = "consul_snapshot_";

interface Measured {
  readonly name: string;
  readonly help: string;
  readonly of: (status: DestinationStatus, board: Board) => number | undefined;
}

const seconds = (time: Date | undefined): number | undefined =>
  time === undefined ? undefined : time.getTime() / 1000;

/** Each is a gauge with the destination as its label. */
const PER_DESTINATION: readonly Measured[] = [
  {
    name: "last_success_timestamp_seconds",
    help: "When the newest snapshot at the destination was begun.",
    of: ({ lastSuccess }) => seconds(lastSuccess),
  },
  {
    name: "last_attempt_timestamp_seconds",
    help: "When the newest snapshot for the destination was begun.",
    of: ({ lastStart }) => seconds(lastStart),
  },
  {
    name: "next_run_timestamp_seconds",
    help: "When the next snapshot is due. Only the leader has it.",
    of: ({ nextStart }, { isLeader }) => (isLeader ? seconds(nextStart) : undefined),
  },
  {
    name: "archive_size_bytes",
    help: "The size of the newest archive, as it is stored.",
    of: ({ lastManifest }) => lastManifest?.storedSize,
  },
  {
    name: "archive_index",
    help: "The Raft index of the newest archive.",
    of: ({ lastManifest }) => lastManifest?.index,
  },
  {
    name: "archive_records",
    help: "How many records the newest archive has.",
    of: ({ lastManifest }) => lastManifest && recordsIn(lastManifest.contents),
  },
  { name: "archives_kept", help: "How many archives there are after retention.", of: ({ kept }) => kept },
  { name: "archives_removed_total", help: "How many archives retention has removed.", of: ({ removed }) => removed },
  {
    name: "successes_total",
    help: "How many snapshots the destination has received.",
    of: ({ successes }) => successes,
  },
  { name: "failures_total", help: "How many tries have failed.", of: ({ failures }) => failures },
  { name: "consecutive_failures", help: "Failed tries in a row.", of: ({ consecutiveErrors }) => consecutiveErrors },
];

export interface Metrics {
  readonly contentType: string;
  /** The text of a scrape. */
  text(): Promise<CleanLines>;
}

/** A counter must not fall while a process runs, so the metrics of its board outlast a change of the configuration. */
const MADE = new WeakMap<Board, Metrics>();

export function metricsOf(board: Board): Metrics {
  const metrics = MADE.get(board) ?? makeMetrics(board);
  MADE.set(board, metrics);
  return metrics;
}

function makeMetrics(board: Board): Metrics {
  const registry = new Registry();
  const registers = [registry];
  for (const { name, help, of } of PER_DESTINATION) {
    const Kind = name.endsWith("_total") ? Counter : Gauge;
    new Kind({
      name: PREFIX + name,
      help,
      labelNames: ["destination"],
      registers,
      collect() {
        this.reset();
        for (const status of board.destinations) {
          const value = of(status, board);
          if (value !== undefined) this.inc({ destination: status.name }, value);
        }
      },
    });
  }
  new Counter({
    name: `${PREFIX}errors_total`,
    help: "Failures by error code; those without a destination concern the snapshot itself.",
    labelNames: ["destination", "code"],
    registers,
    collect() {
      this.reset();
      for (const [code, count] of board.takeErrorsByCode) this.inc({ destination: "", code }, count);
      for (const { name, errorsByCode } of board.destinations) {
        for (const [code, count] of errorsByCode) this.inc({ destination: name, code }, count);
      }
    },
  });
  new Gauge({
    name: `${PREFIX}leader`,
    help: "1 while this agent leads.",
    registers,
    collect() {
      this.set(board.isLeader ? 1 : 0);
    },
  });
  new Gauge({ name: `${PREFIX}build_info`, help: "The version, as a label.", labelNames: ["version"], registers }).set(
    { version: writtenBy.split(" ").at(-1) ?? "" },
    1,
  );
  const durations = new Histogram({
    name: `${PREFIX}duration_seconds`,
    help: "How long a phase took: take (receive and verify) and deliver (store and apply retention).",
    labelNames: ["phase"],
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600],
    registers,
  });
  board.observe = (phase, duration) => durations.observe({ phase }, duration);
  return {
    contentType: registry.contentType,
    text: async () => cleanMessage(await registry.metrics(), Number.POSITIVE_INFINITY),
  };
}
