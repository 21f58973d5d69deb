import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { Board } from "../../agent/board";
import { makeMetrics } from "../../agent/http/metrics";
import { SnapshotError } from "../../provider/errors";
import { manifestOf } from "../support/archives/manifests";
import { temporaryFolder } from "../support/programs/saving";

const PROMTOOL = resolve(".tools/bin/promtool");
const RULES = resolve("deploy/prometheus/rules.yaml");
const HOURS = 5;
/** Between scrapes; Prometheus forgets a value after five minutes. */
const EVERY_MINUTES = 4;
const denied = new SnapshotError("STORE_DENIED", "access is denied", "Check the credentials.");

/** What happens to an agent from its start on; called before each scrape. */
type Life = (board: Board, minute: number) => void;

interface State {
  readonly name: string;
  readonly agents: readonly Life[];
  /** The alerts that fire after five hours, with the destination that they are about. */
  readonly firing: readonly (readonly [alert: string, destination?: string])[];
}

const at = (minute: number): Date => new Date(minute * 60_000);

/** Saves to destination `a` each hour, with so many records. */
function saves(board: Board, minute: number, records = 100): void {
  if (minute % 60 !== 0) return;
  board.began("a", at(minute));
  const contents = [{ type: "KVS", count: records, size: records }];
  board.delivered("a", { manifest: { ...manifestOf(1), contents } }, at(minute), at(minute));
}

function leads(board: Board, minute: number): void {
  if (minute === 0) board.setLeader(true, at(0));
}

const healthy: Life = (board, minute) => {
  leads(board, minute);
  saves(board, minute);
};

const STATES: readonly State[] = [
  { name: "one of two leads and saves", agents: [healthy, () => undefined], firing: [] },
  {
    name: "nothing arrives after the first hour",
    agents: [
      (board, minute) => {
        leads(board, minute);
        if (minute <= 60) saves(board, minute);
        else if (minute % 60 === 0) {
          board.began("a", at(minute));
          board.failed("a", denied, at(minute));
        }
      },
    ],
    firing: [
      ["ConsulSnapshotTooOld", "a"],
      ["ConsulSnapshotFailing", "a"],
    ],
  },
  {
    name: "a destination has never received anything",
    agents: [
      (board, minute) => {
        healthy(board, minute);
        if (minute % 240 === 0) board.began("b", at(minute));
      },
    ],
    firing: [["ConsulSnapshotNeverSaved", "b"]],
  },
  { name: "no agent runs", agents: [], firing: [["ConsulSnapshotUnknown"], ["ConsulSnapshotNoLeader"]] },
  {
    name: "the leader is gone, and no other leads",
    agents: [
      (board, minute) => {
        healthy(board, minute);
        if (minute === 280) board.setLeader(false, at(minute));
      },
    ],
    firing: [["ConsulSnapshotNoLeader"]],
  },
  { name: "two lead", agents: [healthy, healthy], firing: [["ConsulSnapshotSeveralLeaders"]] },
  {
    name: "most records are gone",
    agents: [
      (board, minute) => {
        leads(board, minute);
        saves(board, minute, minute < 200 ? 100 : 40);
      },
    ],
    firing: [["ConsulSnapshotShrank", "a"]],
  },
];

describe("the alert rules of deploy/, on the metrics that an agent serves", () => {
  for (const state of STATES) {
    it(`are right when ${state.name}`, async () => {
      const folder = await temporaryFolder();
      try {
        const file = join(folder.path, "test.json");
        await writeFile(file, JSON.stringify(await unitTest(state)));
        const { status, stdout, stderr } = spawnSync(PROMTOOL, ["test", "rules", file], { encoding: "utf8" });
        expect(status, stdout + stderr).to.equal(0);
      } finally {
        await folder.remove();
      }
    }).timeout(30_000);
  }
});

/** A file of `promtool test rules`: JSON is YAML. */
async function unitTest({ agents, firing }: State): Promise<object> {
  const histories = await Promise.all(agents.map((life, index) => historyOf(life, `agent-${index}`)));
  const samples = firing.map(([alertname, destination]) => ({
    labels: `{alertname="${alertname}"${destination === undefined ? "" : `, destination="${destination}"`}}`,
    value: 1,
  }));
  return {
    rule_files: [RULES],
    evaluation_interval: "1m",
    tests: [
      {
        interval: `${EVERY_MINUTES}m`,
        input_series: histories.flat(),
        promql_expr_test: [
          {
            expr: 'count by (alertname, destination) (ALERTS{alertstate="firing"})',
            eval_time: `${HOURS}h`,
            exp_samples: samples,
          },
        ],
      },
    ],
  };
}

/** What Prometheus has of one agent after five hours. */
async function historyOf(life: Life, instance: string): Promise<{ series: string; values: string }[]> {
  const board = new Board([{ name: "a" }, { name: "b" }], at(0));
  const metrics = makeMetrics(board);
  const known = new Map<string, string[]>();
  const scrapes = (HOURS * 60) / EVERY_MINUTES + 1;
  for (let scrape = 0; scrape < scrapes; scrape++) {
    life(board, scrape * EVERY_MINUTES);
    for (const [, name = "", labels = "", value = ""] of (await metrics.text()).matchAll(
      /^(\w+)(?:\{(.*)\})? (\S+)$/gm,
    )) {
      const series = `${name}{${[labels, 'job="agents"', `instance="${instance}"`].filter((part) => part !== "").join(",")}}`;
      // `_` is a scrape without the series.
      const values = known.get(series) ?? [];
      known.set(series, [...values, ...missing(scrape - values.length), value]);
    }
  }
  return [...known].map(([series, values]) => ({
    series,
    values: [...values, ...missing(scrapes - values.length)].join(" "),
  }));
}

function missing(scrapes: number): string[] {
  return Array.from({ length: scrapes }, () => "_");
}
