import { expect } from "chai";
import { chunk, faultyServer, head, LAST_CHUNK, SNAPSHOT_HEAD, snapshotHead, whole } from "../../support/faultyServer";
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
      expect(await harness.client.agent()).to.deep.equal({ datacenter: "dc1" });
    });

    it("the version of the datacenter that was asked for", async () => {
      await harness.serve(telling({ self: self("dc1", "1.18.0"), catalog: catalog("1.13.9") }), { datacenter: "dc2" });
      expect(await harness.client.agent()).to.deep.equal({ datacenter: "dc2", consulVersion: "1.13.9" });
      expect(harness.server.asked[1]?.line).to.equal("GET /v1/catalog/service/consul?stale=&dc=dc2");
    });

    it("without agent:read, the datacenter if there is only one", async () => {
      await harness.serve(telling({ datacenters: '["dc1"]', catalog: "[]" }));
      expect(await harness.client.agent()).to.deep.equal({ datacenter: "dc1" });
      await harness.stop();
      await harness.serve(telling({ datacenters: '["dc1","dc2"]', catalog: "[]" }));
      expect(await harness.client.agent()).to.deep.equal({});
    });

    for (const [what, answer] of [
      ["denied", whole(403, "Permission denied")],
      ["broken", whole(200, "{")],
      ["nothing like JSON of Consul's", whole(200, '"hello"')],
      ["cut", head(200, { "Content-Length": "100" })],
    ] as const) {
      it(`nothing, without failing, when every answer is ${what}`, async () => {
        await harness.serve((socket) => socket.write(answer, () => what === "cut" && socket.destroy()));
        expect(await harness.client.agent()).to.deep.equal({});
      });
    }

    it("nothing, without failing, from a server that does not answer", async () => {
      await harness.serve(() => undefined, { firstByteTimeout: "20ms" });
      expect(await harness.client.agent()).to.deep.equal({});
    });
  });
});
