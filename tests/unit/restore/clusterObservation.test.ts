import { expect } from "chai";
import type { ClusterHealth } from "../../../provider/consul/client";
import { SnapshotError } from "../../../provider/errors";
import {
  instability,
  observeCluster,
  type VotersWait,
  waitForVoters,
} from "../../../provider/restore/clusterObservation";

const signal = new AbortController().signal;

function health(...servers: { leader?: boolean; healthy?: boolean; address?: string }[]): ClusterHealth {
  return {
    healthy: servers.every(({ healthy = true }) => healthy),
    servers: servers.map(({ leader = false, healthy = true, address }, at) => {
      return {
        id: `${at}`,
        name: `server-${at}`,
        address: address ?? (leader ? "a" : `${at}`),
        healthy,
        alive: true,
        voter: true,
        leader,
        lastIndex: 1,
        version: "1.13.9",
      };
    }),
  };
}

const well = health({ leader: true }, {}, {});

/** A cluster whose answers follow one another; the last stays. */
function answering(leaders: readonly (string | undefined)[]) {
  let asked = 0;
  let now: string | undefined;
  return {
    asked: () => asked,
    leader: () => Promise.resolve((now = leaders[Math.min(asked++, leaders.length - 1)])),
    health: () => Promise.resolve(health({ leader: true, ...(now === undefined ? {} : { address: now }) }, {}, {})),
  };
}

describe("observing a cluster before a restore", () => {
  it("ends as soon as the cluster has been stable for the time", async () => {
    const observation = await observeCluster(answering(["a"]), { stableMs: 1, limitMs: 60_000 }, signal);
    expect(observation).to.deep.equal({ leader: "a", stable: true, health: well });
  });

  it("waits for the end of an election", async () => {
    const client = answering(["a", undefined, "b"]);
    const observation = await observeCluster(client, { stableMs: 1, limitMs: 60_000 }, signal);
    expect(observation).to.deep.include({ leader: "b", stable: true });
    expect(client.asked()).to.be.above(3);
  });

  it("gives up on one that does not end", async () => {
    let asked = 0;
    const client = { leader: () => Promise.resolve(`leader ${asked++}`), health: () => Promise.resolve(well) };
    const observation = await observeCluster(client, { stableMs: 1, limitMs: 600 }, signal);
    expect(observation.stable).to.equal(false);
    expect(instability(observation)).to.include("an election is under way");
  });

  it("waits for all of the stable time, also when the limit is over meanwhile", async () => {
    const ill = health({ leader: true }, { healthy: false });
    const answers = [well, well, ill];
    let asked = 0;
    const client = { leader: () => Promise.resolve("a"), health: () => Promise.resolve(answers[asked++] ?? well) };
    const observation = await observeCluster(client, { stableMs: 60_000, limitMs: 1 }, signal);
    expect(instability(observation)).to.equal("autopilot reports the cluster as unhealthy: server-1");
    expect(asked, "glances").to.equal(3);
  });

  it("says why it is not stable", () => {
    const at = (told?: ClusterHealth | "denied") =>
      instability({ leader: "a", stable: true, ...(told === undefined ? {} : { health: told }) });
    expect(instability({ stable: false })).to.equal("there is no leader");
    expect(at()).to.include("autopilot does not know");
    expect(at(health({}, {}))).to.include("0 leaders");
    expect(at(health({ leader: true }, { leader: true }))).to.include("2 leaders");
    expect(at(health({ leader: true }, { healthy: false }))).to.include("unhealthy: server-1");
    expect(at(health({ leader: true, address: "b" }))).to.include("reports a as the leader, and autopilot reports b");
    expect(at(well)).to.equal(undefined);
    expect(at("denied"), "who may not ask is not kept from it").to.equal(undefined);
  });
});

describe("waiting for the voters of a cluster", () => {
  const unreachable = new SnapshotError("CONSUL_UNREACHABLE", "connection refused", "");
  const stalled = new SnapshotError("CONSUL_STALLED", "no answer", "");
  const failing = new SnapshotError("CONSUL_RESPONSE", "rpc error", "");

  /** Answers of a cluster without a leader, or failures, in turn; the last stays. When each answer and failure came. */
  async function waitWith(...answers: readonly (undefined | Error)[]) {
    const answered: number[] = [];
    const failed: number[] = [];
    const leader = async (): Promise<undefined> => {
      const answer = answers[Math.min(answered.length + failed.length, answers.length - 1)];
      await Promise.resolve();
      (answer === undefined ? answered : failed).push(performance.now());
      if (answer !== undefined) throw answer;
    };
    const waited: VotersWait = await waitForVoters({ leader, health: () => Promise.resolve(well) }, 1, 700, signal);
    return { waited, answered, failed, endedAt: performance.now() };
  }

  it("tells how long no server has answered, without the time before", async () => {
    for (const failure of [unreachable, stalled]) {
      const { waited, answered, failed, endedAt } = await waitWith(undefined, failure);
      if (typeof waited === "string") throw new Error(waited);
      const [lastAnswer = NaN, firstFailure = NaN, lastFailure = NaN] = [answered[0], failed[0], failed.at(-1)];
      expect(failed).to.have.length.above(1);
      expect(waited.silentMs)
        .to.be.at.least(lastFailure - firstFailure)
        .and.below(endedAt - lastAnswer);
    }
  });

  it("is not silent where a server answered last", async () => {
    expect((await waitWith(unreachable, undefined)).waited).to.equal("no");
    expect((await waitWith(unreachable, failing)).waited).to.equal("no");
  });
});
