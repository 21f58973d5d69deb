import { expect } from "chai";
import type { ClusterHealth } from "../../../provider/consul/client";
import { unrest, watchCluster } from "../../../provider/transfer/load/cluster";

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

describe("watching a cluster before a restore", () => {
  it("ends as soon as it has been at rest for the time", async () => {
    const sight = await watchCluster(answering(["a"]), { restMs: 1, limitMs: 60_000 }, signal);
    expect(sight).to.deep.equal({ leader: "a", stable: true, health: well });
  });

  it("waits for the end of an election", async () => {
    const client = answering(["a", undefined, "b"]);
    const sight = await watchCluster(client, { restMs: 1, limitMs: 60_000 }, signal);
    expect(sight).to.deep.include({ leader: "b", stable: true });
    expect(client.asked()).to.be.above(3);
  });

  it("gives up on one that does not end", async () => {
    let asked = 0;
    const client = { leader: () => Promise.resolve(`leader ${asked++}`), health: () => Promise.resolve(well) };
    const sight = await watchCluster(client, { restMs: 1, limitMs: 600 }, signal);
    expect(sight.stable).to.equal(false);
    expect(unrest(sight)).to.include("an election is under way");
  });

  it("waits for all of the rest, also when the limit is over meanwhile", async () => {
    const ill = health({ leader: true }, { healthy: false });
    const told = [well, well, ill];
    let asked = 0;
    const client = { leader: () => Promise.resolve("a"), health: () => Promise.resolve(told[asked++] ?? well) };
    const sight = await watchCluster(client, { restMs: 60_000, limitMs: 1 }, signal);
    expect(unrest(sight)).to.equal("autopilot calls the cluster unhealthy: server-1");
    expect(asked, "glances").to.equal(3);
  });

  it("says what keeps it from being at rest", () => {
    const at = (told?: ClusterHealth | "denied") =>
      unrest({ leader: "a", stable: true, ...(told === undefined ? {} : { health: told }) });
    expect(unrest({ stable: false })).to.equal("there is no leader");
    expect(at()).to.include("autopilot does not know");
    expect(at(health({}, {}))).to.include("0 leaders");
    expect(at(health({ leader: true }, { leader: true }))).to.include("2 leaders");
    expect(at(health({ leader: true }, { healthy: false }))).to.include("unhealthy: server-1");
    expect(at(health({ leader: true, address: "b" }))).to.include("says that a leads, and autopilot says b");
    expect(at(well)).to.equal(undefined);
    expect(at("denied"), "who may not ask is not kept from it").to.equal(undefined);
  });
});
