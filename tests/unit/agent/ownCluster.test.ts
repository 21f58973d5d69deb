import { createServer } from "node:http";
import { expect } from "chai";
import { OwnCluster } from "../../../agent/ownCluster";
import { resolveConnection } from "../../../provider/consul/connection";
import { listenOnLoopback } from "../../support/faults/listening";

const [ONE, TWO] = ["75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11", "0f6f2c2a-9c0e-4b8e-8a55-1f8e2d3c4b5a"];

describe("the cluster that an agent saves", () => {
  /** @param answers - the JSON of some paths; all others are denied */
  async function identified(answers: Readonly<Record<string, unknown>>): Promise<OwnCluster> {
    const server = createServer(({ url = "" }, response) => {
      const [, answer] = Object.entries(answers).find(([path]) => url.startsWith(path)) ?? [];
      if (answer === undefined) response.writeHead(403).end("Permission denied: token lacks permission");
      else response.end(JSON.stringify(answer));
    });
    const listening = await listenOnLoopback(server);
    try {
      const cluster = new OwnCluster();
      const { address } = listening;
      const connection = resolveConnection({ address, token: "a-token" }, { env: {}, config: () => undefined });
      await cluster.identify(
        () => Promise.resolve(connection),
        new AbortController().signal,
        () => undefined,
      );
      return cluster;
    } finally {
      await listening.stop();
    }
  }

  it("is known by the Raft ids of its servers, or by the node id of one that answers", async () => {
    const raft = { Servers: [{ ID: ONE, Address: "127.0.0.1:8300" }] };
    const agent = { Config: { Datacenter: "dc1", Version: "1.13.9", Server: true, NodeID: ONE }, Stats: {} };
    for (const answers of [{ "/v1/operator/raft": raft }, { "/v1/agent/self": agent }]) {
      const cluster = await identified(answers);
      expect(cluster.isOther([ONE, TWO])).to.equal(false);
      expect(cluster.isOther([TWO])).to.equal(true);
    }
  });

  it("has no other archives while nothing is known of it, or of them", async () => {
    const cluster = await identified({});
    expect(cluster.isOther([TWO])).to.equal(false);
    cluster.learn({ serverIds: [ONE] });
    expect(cluster.isOther([])).to.equal(false);
    expect(cluster.isOther([TWO])).to.equal(true);
  });
});
