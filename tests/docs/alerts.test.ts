import { Board } from "../../agent/board";
import { metricsOf } from "../../agent/http/metrics";
import { SnapshotError } from "../../provider/errors";
import { type Firing, Scrapes } from "../support/agent/alertRules";
import { manifestOf } from "../support/archives/manifests";

const HOURS = 5;
/** Between scrapes; Prometheus forgets a value after five minutes. */
const EVERY_MINUTES = 4;
const denied = new SnapshotError("STORE_DENIED", "access is denied", "Check the credentials.");

/** What happens to an agent from its start on; called before each scrape. */
type Life = (board: Board, minute: number) => void;

interface State {
  readonly name: string;
  readonly agents: readonly Life[];
  /** The alerts that fire after five hours. */
  readonly firing: readonly Firing[];
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
  for (const { name, agents, firing } of STATES) {
    it(`are right when ${name}`, async () => {
      const scrapes = new Scrapes(EVERY_MINUTES);
      for (const [index, life] of agents.entries()) await live(life, `agent-${index}`, scrapes);
      await scrapes.expectFiring([[HOURS * 60, firing]]);
    }).timeout(30_000);
  }
});

/** What Prometheus has of one agent after five hours. */
async function live(life: Life, instance: string, scrapes: Scrapes): Promise<void> {
  const board = new Board([{ name: "a" }, { name: "b" }], at(0));
  const metrics = metricsOf(board);
  for (let minute = 0; minute <= HOURS * 60; minute += EVERY_MINUTES) {
    life(board, minute);
    scrapes.add(instance, minute, await metrics.text());
  }
}
