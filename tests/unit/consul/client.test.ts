import { Readable } from "node:stream";
import { expect } from "chai";
import type { ConsulClient } from "../../../provider/consul/client";
import type { ConnectionArgs } from "../../../provider/consul/connection";
import { SnapshotError } from "../../../provider/errors";
import {
  chunk,
  faultyServer,
  head,
  LAST_CHUNK,
  SNAPSHOT_HEAD,
  snapshotHead,
  whole,
} from "../../support/faults/faultyServer";
import { type Answer, CONSISTENT, clientHarness, failure, readAll, sendSnapshot, STALE } from "./harness";

describe("the client of Consul", function () {
  this.timeout(60_000);
  const harness = clientHarness();

  describe("asks", () => {
    it("for the archive as it is, and gives it with what the headers tell", async () => {
      await harness.serve((socket) => sendSnapshot(socket));
      const { body, ...facts } = await harness.client.snapshot(CONSISTENT);
      expect(facts).to.deep.equal({ index: 1182, knownLeader: true, lastContactMs: 0 });
      expect(await readAll(body)).to.equal("snapshot");
      expect(harness.server.asked.map(({ line }) => line)).to.deep.equal(["GET /v1/snapshot"]);
      expect(harness.server.asked[0]?.headers["accept-encoding"]).to.equal("identity");
      expect(harness.server.asked[0]?.headers).to.not.have.any.keys("x-consul-token", "authorization");
    });

    it("with everything that a connection has", async () => {
      harness.server = await faultyServer((socket) => sendSnapshot(socket));
      harness.connect({
        address: `http://${harness.server.address}/behind/proxy`,
        token: "t0ken",
        datacenter: "dc 2",
        namespace: "team",
        partition: "part",
        httpAuth: "user:pass",
        headers: [{ name: "X-Extra", value: "more" }],
      });
      await readAll((await harness.client.snapshot(STALE)).body);
      const [asked] = harness.server.asked;
      expect(asked?.line).to.equal("GET /behind/proxy/v1/snapshot?stale=&dc=dc+2&ns=team&partition=part");
      expect(asked?.headers).to.include({
        "x-consul-token": "t0ken",
        authorization: `Basic ${Buffer.from("user:pass").toString("base64")}`,
        "x-extra": "more",
      });
    });
  });

  describe("asks again", () => {
    const passing: [string, string][] = [
      ["no leader", whole(500, "No cluster leader")],
      ["a leader that died", whole(500, "dial tcp 127.0.0.1:0->10.0.0.2:8300: connect: connection refused")],
      ["a forwarded request that was cut", whole(500, "rpc error making call: EOF")],
      ["a leader that steps down", whole(500, "leadership lost while committing log")],
      ["an agent without servers", whole(500, "No known Consul servers")],
      ["too many requests", whole(429, "rate limit exceeded")],
      ["a proxy without a backend", whole(503, "no backend")],
    ];
    for (const [what, answer] of passing) {
      it(`after ${what}, and says so`, async () => {
        await harness.serve((socket, _, at) => (at === 0 ? socket.write(answer) : sendSnapshot(socket)), {}, 30_000);
        expect(await readAll((await harness.client.snapshot(CONSISTENT)).body)).to.equal("snapshot");
        expect(harness.server.asked).to.have.length(2);
        expect(harness.notices).to.have.length(1);
        expect(harness.notices[0]).to.match(/; trying again in 0\.25 s$/);
      });
    }

    it("after a connection that was reset before an answer", async () => {
      await harness.serve((socket, _, at) => (at === 0 ? socket.resetAndDestroy() : sendSnapshot(socket)), {}, 30_000);
      expect(await readAll((await harness.client.snapshot(CONSISTENT)).body)).to.equal("snapshot");
      expect(harness.notices).to.have.length(1);
    });

    it("and reports whether the attempt before was answered", async () => {
      await harness.serve(
        (socket, _, at) => {
          if (at === 0) socket.write(whole(500, "No cluster leader"));
          else if (at === 1) socket.resetAndDestroy();
          else sendSnapshot(socket);
        },
        {},
        30_000,
      );
      const { progress } = harness;
      await readAll((await harness.client.snapshot({ ...CONSISTENT, progress })).body);
      expect(harness.answered).to.deep.equal([true, false]);
    });

    it("and reports that the server is reachable, also where the connection is open already", async () => {
      await harness.serve((socket) => sendSnapshot(socket));
      for (const consistency of ["consistent", "stale"] as const) {
        let connected = 0;
        const progress = { connected: () => connected++, retrying: () => undefined };
        await readAll((await harness.client.snapshot({ consistency, progress })).body);
        expect(connected).to.be.above(0);
      }
    });

    it("with longer and longer pauses", async () => {
      const noLeader = whole(500, "No cluster leader");
      await harness.serve((socket, _, at) => (at < 2 ? socket.write(noLeader) : sendSnapshot(socket)), {}, 30_000);
      await readAll((await harness.client.snapshot(CONSISTENT)).body);
      expect(harness.notices.map((notice) => /[\d.]+ s$/.exec(notice)?.[0])).to.deep.equal(["0.25 s", "0.5 s"]);
    });

    it("not for longer than its limit, and then tells what was wrong", async () => {
      await harness.serve((socket) => socket.write(whole(500, "No cluster leader")), {}, 300);
      const error = await failure(harness.client.snapshot(CONSISTENT));
      expect(error.code).to.equal("CONSUL_NO_LEADER");
      expect(error.hint).to.include('consistency: "stale"');
      expect(harness.server.asked).to.have.length(2);
    });

    it("never once something of an answer has come", async () => {
      for (const start of [SNAPSHOT_HEAD, SNAPSHOT_HEAD + chunk("snap").toString()]) {
        await harness.serve((socket) => socket.write(start, () => socket.destroy()), {}, 30_000);
        const error = await failure(harness.client.snapshot(CONSISTENT).then(({ body }) => readAll(body)));
        expect(error.code).to.equal("CONSUL_UNREACHABLE");
        expect(harness.server.asked).to.have.length(1);
        await harness.stop();
      }
    });
  });

  describe("with a limit on staleness", () => {
    const tells = (lastContact: string): Answer => {
      const start = head(200, {
        ...snapshotHead(),
        "X-Consul-LastContact": lastContact,
        "Transfer-Encoding": "chunked",
      });
      return (socket) => socket.write(start + chunk("snapshot").toString() + LAST_CHUNK);
    };

    it("refuses a server that heard from its leader longer ago, also one that believes in a leader", async () => {
      await harness.serve(tells("5001"));
      const error = await failure(harness.client.snapshot({ ...STALE, maxStalenessMs: 5000 }));
      expect(error.code).to.equal("CONSUL_TOO_STALE");
      expect(error.message).to.match(/5\.001 s ago; maxStaleness is 5 s/);
    });

    it("does not tell of centuries when the server has had no leader since its start", async () => {
      await harness.serve(tells("9223372036854"));
      expect((await failure(harness.client.snapshot({ ...STALE, maxStalenessMs: 5000 }))).message).to.match(
        /has not heard from a leader/,
      );
    });

    it("takes a server at the limit, and any without one", async () => {
      await harness.serve(tells("5000"));
      expect((await harness.client.snapshot({ ...STALE, maxStalenessMs: 5000 })).lastContactMs).to.equal(5000);
      expect((await harness.client.snapshot(STALE)).lastContactMs).to.equal(5000);
    });
  });

  describe("learns of the cluster", () => {
    const self = (datacenter: string, version: string, isServer = true): string =>
      JSON.stringify({ Config: { Datacenter: datacenter, Version: version, Server: isServer } });
    const catalog = (...versions: string[]): string =>
      JSON.stringify(versions.map((version) => ({ ServiceMeta: { version } })));
    /** Answers the three places that tell something; what is left out is denied. */
    const telling =
      (answers: { self?: string; catalog?: string; datacenters?: string }): Answer =>
      (socket, { line }) => {
        const key = line.includes("/agent/self")
          ? "self"
          : line.includes("/service/consul")
            ? "catalog"
            : "datacenters";
        const answer = answers[key];
        socket.write(answer === undefined ? whole(403, "Permission denied") : whole(200, answer));
      };

    it("from a server's own word", async () => {
      await harness.serve(telling({ self: self("dc1", "1.13.9") }));
      expect(await harness.client.agent()).to.deep.equal({ datacenter: "dc1", consulVersion: "1.13.9" });
      expect(harness.server.asked).to.have.length(1);
    });

    it("the servers' version, not that of a client agent", async () => {
      await harness.serve(telling({ self: self("dc1", "1.18.0", false), catalog: catalog("1.13.9", "1.13.9") }));
      expect(await harness.client.agent()).to.deep.equal({ datacenter: "dc1", consulVersion: "1.13.9" });
    });

    it("no version while the servers have several", async () => {
      await harness.serve(telling({ self: self("dc1", "1.18.0", false), catalog: catalog("1.13.9", "1.18.0") }));
      expect(await harness.client.agent()).to.deep.equal({
        datacenter: "dc1",
        unknownReason: "the servers run different versions",
      });
    });

    it("the version of the datacenter that was asked for", async () => {
      await harness.serve(telling({ self: self("dc1", "1.18.0"), catalog: catalog("1.13.9") }), { datacenter: "dc2" });
      expect(await harness.client.agent()).to.deep.equal({ datacenter: "dc2", consulVersion: "1.13.9" });
      expect(harness.server.asked[1]?.line).to.equal("GET /v1/catalog/service/consul?stale=&dc=dc2");
    });

    it("no name that is none, and none that repeats the token", async () => {
      const names = ["t0ken-of-mine", "dc1\n\u001b[31mok", "d".repeat(500), ""];
      for (const name of names) {
        await harness.serve(
          telling({ self: self(name, "1.13.9"), catalog: catalog(name), datacenters: `["${name}"]` }),
          {
            token: "t0ken-of-mine",
          },
        );
        const { unknownReason, ...facts } = await harness.client.agent();
        expect(facts).to.deep.equal({});
        expect(unknownReason).to.be.a("string");
        await harness.stop();
      }
      await harness.serve(() => undefined);
    });

    it("without agent:read, the datacenter if there is only one", async () => {
      const unknownReason = "the token may not read /v1/agent/self (agent:read)";
      await harness.serve(telling({ datacenters: '["dc1"]', catalog: "[]" }), { token: "t0ken" });
      expect(await harness.client.agent()).to.deep.equal({ datacenter: "dc1", unknownReason });
      await harness.stop();
      await harness.serve(telling({ datacenters: '["dc1","dc2"]', catalog: "[]" }), { token: "t0ken" });
      expect(await harness.client.agent()).to.deep.equal({ unknownReason });
    });

    it("nothing of a client agent whose token may read nothing, and why", async () => {
      await harness.serve(telling({ self: self("dc1", "1.18.0", false), catalog: "[]" }), { token: "t0ken" });
      expect((await harness.client.agent()).unknownReason).to.equal(
        "the catalog lists no server, as it does for a request without node:read and service:read",
      );
    });

    it("no right of the token that was not refused, where something else than Consul answers", async () => {
      const versions = '[{"ServiceMeta":{"version":"1.13.9"}}]';
      const answers = [
        [{ self: "{}", catalog: versions }, "the answer of /v1/agent/self has no valid datacenter and version"],
        [{ self: self("dc1", "1.18.0", false), catalog: "{}" }, /catalog\/service\/consul is not a list of servers$/],
        [{ self: self("dc1", "1.18.0", false), catalog: '[{"ServiceMeta":{}}]' }, /does not list the version of the/],
      ] as const;
      for (const [answer, reason] of answers) {
        await harness.serve(telling({ datacenters: '["dc1","dc2"]', ...answer }));
        expect((await harness.client.agent()).unknownReason).to.match(new RegExp(reason));
        await harness.stop();
      }
      await harness.serve(() => undefined);
    });

    for (const [what, answer, reason] of [
      ["denied", whole(403, "Permission denied"), /without a token/],
      ["a bad request", whole(400, "Invalid query parameter"), /rejects the request \(400 Invalid query parameter\)/],
      ["broken", whole(200, "{"), /agent\/self is not JSON/],
      ["nothing like JSON of Consul's", whole(200, '"hello"'), /no valid datacenter and version/],
      ["truncated", head(200, { "Content-Length": "100" }), /closed the connection/],
    ] as const) {
      it(`nothing, without failing, when every answer is ${what}, and the reason`, async () => {
        await harness.serve((socket) => socket.write(answer, () => what === "truncated" && socket.destroy()));
        const { unknownReason, ...facts } = await harness.client.agent();
        expect(facts).to.deep.equal({});
        expect(unknownReason).to.match(reason);
      });
    }

    it("nothing, without failing, from a server that does not answer", async () => {
      await harness.serve(() => undefined, { firstByteTimeout: "20ms" });
      expect((await harness.client.agent()).unknownReason).to.match(/did not answer within 0\.02 s/);
    });
  });

  describe("gives the same reason from every request", () => {
    const requests: [string, (client: ConsulClient) => Promise<unknown>][] = [
      ["a snapshot", (client) => client.snapshot(CONSISTENT)],
      ["the cluster's identity", (client) => client.identity()],
      ["autopilot's view", (client) => client.health()],
      [
        "a restore",
        async (client) => (await client.restore({ bytes: Readable.from([Buffer.alloc(8)]), size: 8 }))?.error,
      ],
    ];
    const reasons: [string, string, ConnectionArgs, string][] = [
      ["an unknown token", whole(403, "ACL not found"), { token: "t0ken" }, "CONSUL_DENIED"],
      ["a missing token", whole(403, "Permission denied"), {}, "CONSUL_DENIED"],
      [
        "a datacenter that does not exist",
        whole(500, "No path to datacenter"),
        { datacenter: "x" },
        "CONSUL_UNKNOWN_DATACENTER",
      ],
      ["http where https is spoken", whole(400, "Client sent an HTTP request to an HTTPS server."), {}, "CONSUL_TLS"],
      ["a proxy's login", whole(401, "who are you"), {}, "CONSUL_DENIED"],
    ];
    for (const [what, answer, args, code] of reasons) {
      it(`of ${what}`, async () => {
        await harness.serve((socket) => socket.write(answer), args);
        const seen = new Set<string>();
        for (const [, ask] of requests) {
          const error = await ask(harness.client).catch((thrown: unknown) => thrown);
          if (!(error instanceof SnapshotError)) throw new Error("it did not fail as it should", { cause: error });
          expect(error.code).to.equal(code);
          seen.add(`${error.message}\n${error.hint}`);
        }
        expect([...seen]).to.have.length(1);
      });
    }

    it("but a token that lacks a right for one question is no reason for the others", async () => {
      await harness.serve((socket) => socket.write(whole(403, "Permission denied")), { token: "t0ken" });
      expect((await harness.client.identity()).serverIds).to.deep.equal([]);
      expect(await harness.client.health()).to.equal("denied");
    });

    it("nor is an agent that blocks the path of one", async () => {
      await harness.serve((socket) => socket.write(whole(403, "Endpoint is blocked by agent configuration")));
      expect((await harness.client.identity()).serverIds).to.deep.equal([]);
      expect(await harness.client.health()).to.equal("blocked");
      expect(await harness.client.knowsToken()).to.equal(true);
    });

    it("and the health of a cluster that is ill, which Consul answers with 429", async () => {
      const server = { ID: "a", Name: "a", Address: "a:1", Healthy: false, LastIndex: 1, Version: "1.13.9" };
      await harness.serve((socket) => socket.write(whole(429, JSON.stringify({ Healthy: false, Servers: [server] }))));
      expect(await harness.client.health()).to.deep.include({ healthy: false });
    });
  });
});
