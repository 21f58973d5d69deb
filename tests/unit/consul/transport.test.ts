import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { ConsulClient, type RestoreFailure } from "../../../provider/consul/client";
import { type Connection, resolveConnection } from "../../../provider/consul/connection";
import { pinAddress } from "../../../provider/consul/pinnedAddress";
import { type FakeNames, fakeNames } from "../../support/faults/fakeNames";
import { faultyServer, head, whole } from "../../support/faults/faultyServer";
import { type Answer, CONSISTENT, clientHarness, failure, readAll, sendSnapshot } from "./harness";

const signal = new AbortController().signal;
const connectionTo = (address: string): Connection =>
  resolveConnection({ address, connectTimeout: "2s" }, { config: () => undefined, env: {} });
const SERVERS = JSON.stringify({ Servers: [{ ID: "one" }] });

async function* archive(size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; left -= 65_536) yield await Promise.resolve(Buffer.alloc(Math.min(left, 65_536)));
}

/** For clients that have nothing to report. */
const notice = (message: string): never => expect.fail(message);

describe("the transport to Consul", function () {
  this.timeout(60_000);
  const harness = clientHarness();

  describe("with one connection", () => {
    /** A client of its own, since the harness' has as many connections as it likes. */
    async function oneConnection(answer: Answer): Promise<ConsulClient> {
      await harness.serve(answer);
      return new ConsulClient(connectionTo(harness.server.address), {
        signal,
        notice,
        oneConnection: true,
      });
    }

    it("identifies the cluster and sends the archive on the same socket", async () => {
      const sockets: Socket[] = [];
      const client = await oneConnection((socket, { line }) => {
        sockets.push(socket);
        socket.write(whole(200, line.startsWith("PUT") ? "" : SERVERS));
      });
      expect((await client.identity()).serverIds).to.deep.equal(["one"]);
      expect(await client.leader()).to.equal(undefined);
      expect(await client.restore({ bytes: archive(10), size: 10 })).to.equal(undefined);
      expect(new Set(sockets).size).to.equal(1);
      expect(harness.server.asked.map(({ line }) => line.split(" ")[0])).to.deep.equal(["GET", "GET", "PUT"]);
      await client.close();
    });

    it("queues requests that are made at the same time", async () => {
      const sockets = new Set<Socket>();
      const client = await oneConnection((socket) => {
        sockets.add(socket);
        socket.write(whole(200, SERVERS));
      });
      await Promise.all([client.identity(), client.identity(), client.leader()]);
      expect(sockets.size).to.equal(1);
      await client.close();
    });

    it("never opens another: the archive is not sent, and that is certain", async () => {
      let closed: Promise<unknown> = Promise.resolve();
      const client = await oneConnection((socket) => {
        closed = once(socket, "close");
        socket.end(whole(200, SERVERS));
      });
      await client.identity();
      await closed;
      const refused = await client.restore({ bytes: archive(10), size: 10 });
      expect(refused).to.include({ notTaken: true });
      expect(refused?.error.code).to.equal("CONSUL_UNREACHABLE");
      expect(harness.server.asked).to.have.length(1);
      await client.close();
    });
  });

  describe("with a pinned address", () => {
    let names: FakeNames | undefined;
    const servers: Server[] = [];
    afterEach(async () => {
      names?.restore();
      for (const server of servers.splice(0)) {
        server.close();
        await once(server, "close");
      }
    });

    /** A cluster on an address of its own, at the port of the harness' server. */
    async function serveAt(host: string, port: number, answer: string): Promise<void> {
      const server = createServer((socket) => socket.on("data", () => socket.end(answer)).on("error", () => undefined));
      servers.push(server.listen(port, host));
      await once(server, "listening");
    }

    it("stays with the first address, whatever the name leads to later", async () => {
      await harness.serve((socket) => socket.write(whole(200, SERVERS)));
      const port = Number(harness.server.address.split(":")[1]);
      await serveAt("127.0.0.2", port, whole(200, JSON.stringify({ Servers: [{ ID: "two" }] })));
      names = fakeNames((_, at) => (at === 0 ? ["127.0.0.1"] : ["127.0.0.2"]));
      const connection = connectionTo(`consul.test:${port}`);
      const pinned = await pinAddress(connection, signal);
      expect(pinned.hostAddress).to.equal("127.0.0.1");
      const ids = async (to: Connection): Promise<string[]> => {
        const client = new ConsulClient(to, { signal, notice });
        return client
          .identity()
          .then(({ serverIds }) => [...serverIds])
          .finally(() => client.close());
      };
      expect(await ids(pinned)).to.deep.equal(["one"]);
      expect(await ids(pinned)).to.deep.equal(["one"]);
      expect(await ids(connection), "without a pin the name counts").to.deep.equal(["two"]);
      expect(harness.server.asked[0]?.headers.host).to.equal(`consul.test:${port}`);
    });

    it("is the one that accepts connections", async () => {
      await harness.serve((socket) => socket.write(whole(200, SERVERS)));
      const port = Number(harness.server.address.split(":")[1]);
      names = fakeNames(() => ["127.0.0.3", "127.0.0.1"]);
      expect((await pinAddress(connectionTo(`consul.test:${port}`), signal)).hostAddress).to.equal("127.0.0.1");
    });

    it("is not looked for where there is no name", async () => {
      await harness.serve(() => undefined);
      names = fakeNames(() => expect.fail("nothing is to be looked up"));
      for (const address of ["127.0.0.1:1", "[::1]:1", "unix:///run/consul.sock"]) {
        const connection = connectionTo(address);
        expect(await pinAddress(connection, signal)).to.equal(connection);
      }
    });

    it("fails as a request does, and says which addresses were tried", async () => {
      const server = await faultyServer(() => undefined);
      await server.stop();
      await harness.serve(() => undefined);
      const port = server.address.split(":")[1] ?? "";
      names = fakeNames(() => ["127.0.0.1", "127.0.0.2"]);
      const error = await failure(pinAddress(connectionTo(`consul.test:${port}`), signal));
      expect(error.code).to.equal("CONSUL_UNREACHABLE");
      expect(error.message).to.equal(
        `nothing accepts connections at http://consul.test:${port} (tried 127.0.0.1: ECONNREFUSED, 127.0.0.2: ECONNREFUSED)`,
      );
    });
  });

  describe("says of a restore that was not confirmed", () => {
    async function restore(answer: Answer, token?: string): Promise<RestoreFailure> {
      await harness.serve(answer, token === undefined ? {} : { token });
      const size = 10 * 1024 * 1024;
      const refused = await harness.client.restore({ bytes: archive(size), size });
      if (refused === undefined) throw new Error("it was confirmed");
      return refused;
    }

    const notTaken: [string, string, string, RegExp][] = [
      ["a missing right", whole(403, "Permission denied"), "CONSUL_DENIED", /acl = "write"/],
      ["an unknown token", whole(403, "ACL not found"), "CONSUL_DENIED", /does not know the token/],
      [
        "a denial by the leader",
        whole(500, "rpc error making call: Permission denied"),
        "CONSUL_DENIED",
        /acl = "write"/,
      ],
      [
        "a blocked endpoint",
        whole(403, "Endpoint is blocked by agent configuration"),
        "CONSUL_DENIED",
        /block_endpoints/,
      ],
      ["a restricted address", whole(403, "Access is restricted"), "CONSUL_DENIED", /allow_write_http_from/],
      ["a login", whole(401, "who are you"), "CONSUL_DENIED", /httpAuth/],
      [
        "a proxy's limit",
        whole(413, "<html>", { "Content-Type": "text/html" }),
        "CONSUL_RESPONSE",
        /client_max_body_size/,
      ],
      ["a limit of requests", whole(429, "rate limit exceeded"), "CONSUL_RESPONSE", /rate of requests/],
      [
        "a limit of the leader's",
        whole(503, "rate limit exceeded for operation"),
        "CONSUL_RESPONSE",
        /rate of requests/,
      ],
      ["a redirect", whole(307, "", { Location: "https://other/" }), "CONSUL_RESPONSE", /redirect/i],
      ["another datacenter", whole(500, "No path to datacenter"), "CONSUL_UNKNOWN_DATACENTER", /datacenter/],
      ["no leader", whole(500, "No cluster leader"), "CONSUL_NO_LEADER", /no leader/],
      [
        "a damaged archive",
        whole(
          500,
          'failed to read snapshot file: failed checking integrity of snapshot: hash check failed for "state.bin"',
        ),
        "CONSUL_RESPONSE",
        /refuses the archive/,
      ],
    ];
    for (const [what, answer, code, text] of notTaken) {
      it(`${what}: nothing was restored, also when the answer comes before the body`, async () => {
        const { error, notTaken } = await restore((socket) => socket.write(answer), "t0ken");
        expect(`${error.message}\n${error.hint}`).to.match(text);
        expect({ code: error.code, notTaken }).to.deep.equal({ code, notTaken: true });
      });
    }

    const unknown: [string, string][] = [
      ["an error of Raft", whole(500, "Raft error when restoring snapshot: timeout")],
      ["a lost leadership", whole(500, "leadership lost while committing log")],
      ["an error after the restore", whole(500, "timed out waiting to re-run leader actions")],
      ["a proxy that does not wait", whole(504, "gateway timeout")],
      ["a proxy that has lost its upstream", whole(503, "upstream connect error or disconnect/reset before headers")],
      ["a bad gateway", whole(502, "bad gateway")],
    ];
    for (const [what, answer] of unknown) {
      it(`${what}: only the cluster can tell`, async () => {
        expect(await restore((socket) => socket.write(answer))).to.include({ notTaken: false });
      });
    }

    it("a connection that was cut in the body: only the cluster can tell", async () => {
      expect(await restore((socket) => socket.once("data", () => socket.resetAndDestroy()))).to.include({
        notTaken: false,
      });
    });

    const beginning = "HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nPermission denied";
    const incomplete: [string, Answer][] = [
      ["comes byte by byte", (socket) => socket.write(beginning)],
      ["breaks off", (socket) => socket.end(beginning)],
    ];
    for (const [what, answer] of incomplete) {
      it(`a refusal whose text ${what}: nothing was restored`, async () => {
        const { error, notTaken } = await restore(answer, "t0ken");
        expect({ code: error.code, notTaken }).to.deep.equal({ code: "CONSUL_DENIED", notTaken: true });
      });
    }

    it("that nothing listens: nothing was sent", async () => {
      await harness.serve(() => undefined);
      await harness.server.stop();
      const refused = await harness.client.restore({ bytes: archive(10), size: 10 });
      expect(refused).to.include({ notTaken: true });
      expect(refused?.error.code).to.equal("CONSUL_UNREACHABLE");
    });

    it("nothing when it is confirmed", async () => {
      await harness.serve((socket) => socket.write(whole(200, "")));
      expect(await harness.client.restore({ bytes: archive(10), size: 10 })).to.equal(undefined);
    });
  });

  it("knows the time of Consul's clock once it has answered", async () => {
    const date = "Sat, 01 Jan 2000 00:00:00 GMT";
    await harness.serve((socket) => socket.write(head(200, { Date: date, "Content-Length": "2" }) + '""'));
    expect(harness.client.serverTime).to.equal(undefined);
    await harness.client.leader();
    const since = (harness.client.serverTime?.getTime() ?? 0) - Date.parse(date);
    expect(since).to.be.within(0, 60_000);
  });

  it("sends namespace and partition only with a snapshot: Community Edition rejects them elsewhere", async () => {
    const args = { namespace: "team", partition: "part" };
    await harness.serve(
      (socket, { line }) => (line.includes("snapshot") ? sendSnapshot(socket) : socket.write(whole(200, "[]"))),
      args,
    );
    await readAll((await harness.client.snapshot(CONSISTENT)).body);
    await harness.client.agent();
    await harness.client.leader();
    await harness.client.identity();
    const [snapshot, ...others] = harness.server.asked.map(({ line }) => line);
    expect(snapshot).to.include("ns=team&partition=part");
    expect(others).to.not.be.empty;
    for (const line of others) expect(line).to.not.match(/ns=|partition=/);
  });
});
