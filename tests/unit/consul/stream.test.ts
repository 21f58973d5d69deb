import { once } from "node:events";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { ConsulClient } from "../../../provider/consul/client";
import { type ConnectionArgs, resolveConnection } from "../../../provider/consul/connection";
import type { SnapshotError } from "../../../provider/errors";
import { chunk, faultyServer, LAST_CHUNK, SNAPSHOT_HEAD, whole } from "../../support/faults/faultyServer";
import { type Answer, CONSISTENT, clientHarness, failure, readAll, sendSnapshot } from "./harness";

const MB = 1024 * 1024;

describe("the client of Consul", function () {
  this.timeout(60_000);
  const harness = clientHarness();

  describe("when the server is silent", () => {
    const stall = async (start: string, limits: ConnectionArgs): Promise<SnapshotError> => {
      await harness.serve((socket) => socket.write(start), limits);
      const error = await failure(harness.client.snapshot(CONSISTENT).then(({ body }) => readAll(body)));
      expect(error.code).to.equal("CONSUL_STALLED");
      return error;
    };

    it("before its answer: the limit for the first byte holds", async () => {
      const error = await stall("", { firstByteTimeout: "50ms", idleTimeout: "1h" });
      expect(error.message).to.match(/no byte within 0\.05 s/);
    });

    it("after the headers: still that limit", async () => {
      await stall(SNAPSHOT_HEAD, { firstByteTimeout: "50ms", idleTimeout: "1h" });
    });

    it("in the body: the limit between bytes holds, and tells how far it came", async () => {
      const error = await stall(SNAPSHOT_HEAD + chunk("snap").toString(), {
        firstByteTimeout: "1h",
        idleTimeout: "50ms",
      });
      expect(error.message).to.match(/sent nothing for 0\.05 s, after 4 bytes/);
    });

    it("in a body that is read slowly: noticed all the same, once everything is read that has come", async () => {
      await harness.serve(
        (socket) => {
          socket.write(SNAPSHOT_HEAD);
          for (let sent = 0; sent < 8; sent++) socket.write(chunk(Buffer.alloc(MB)));
        },
        { idleTimeout: "500ms" },
      );
      const { body } = await harness.client.snapshot(CONSISTENT);
      let received = 0;
      const error = await failure(
        (async () => {
          for await (const bytes of body) {
            if (received === 0) await delay(2000); // four limits, in which undici stops reading
            received += bytes.length;
          }
        })(),
      );
      expect(error.code).to.equal("CONSUL_STALLED");
      expect(received).to.equal(8 * MB);
    });

    it("or sends a trickle: there is a least rate, measured over the limit between bytes", async () => {
      await harness.serve(
        (socket) => {
          socket.write(SNAPSHOT_HEAD);
          const timer = setInterval(() => socket.write(chunk("x")), 20);
          socket.once("close", () => clearInterval(timer));
        },
        { idleTimeout: "300ms" },
      );
      const error = await failure(harness.client.snapshot(CONSISTENT).then(({ body }) => readAll(body)));
      expect(error.code).to.equal("CONSUL_STALLED");
      expect(error.message).to.match(/sent less than 1 kB\/s for 0\.3 s, after \d+ bytes/);
      expect(error.hint).to.include("idleTimeout");
    });

    it("while connecting: the limit for that holds", async () => {
      harness.server = await faultyServer(() => undefined);
      harness.connect({ address: `https://${harness.server.address}`, connectTimeout: "50ms" });
      const error = await failure(harness.client.snapshot(CONSISTENT));
      expect(error.code).to.equal("CONSUL_UNREACHABLE");
      expect(error.message).to.match(/within 0\.05 s/);
    });
  });

  describe("reports a slow server, so that others need not wait for it,", () => {
    const pacesOf = async (answer: Answer, slowAfterMs: { firstByte: number; body: number }): Promise<string[]> => {
      await harness.serve(answer);
      const connection = resolveConnection({ address: harness.server.address }, { config: () => undefined, env: {} });
      const { signal } = new AbortController();
      const client = new ConsulClient(connection, { signal, notice: (message) => expect.fail(message), slowAfterMs });
      const paces: string[] = [];
      const onPace = (pace: string): void => {
        if (pace !== (paces.at(-1) ?? "normal")) paces.push(pace);
      };
      await readAll((await client.snapshot({ ...CONSISTENT, onPace })).body);
      await client.close();
      return paces;
    };

    it("before its first byte", async () => {
      const answer: Answer = (socket) => setTimeout(() => sendSnapshot(socket), 200);
      expect(await pacesOf(answer, { firstByte: 20, body: 60_000 })).to.deep.equal(["slow", "normal"]);
    });

    it("that sends a trickle", async () => {
      const answer: Answer = (socket) => {
        let sent = 0;
        socket.write(SNAPSHOT_HEAD);
        const timer = setInterval(() => {
          if (sent++ < 30) return void socket.write(chunk("x"));
          clearInterval(timer);
          socket.write(LAST_CHUNK);
        }, 10);
      };
      expect(await pacesOf(answer, { firstByte: 60_000, body: 50 })).to.deep.equal(["slow", "normal"]);
    });

    it("that is silent in the middle", async () => {
      const answer: Answer = (socket) => {
        socket.write(SNAPSHOT_HEAD + chunk("snap").toString());
        setTimeout(() => socket.write(LAST_CHUNK), 300);
      };
      expect(await pacesOf(answer, { firstByte: 60_000, body: 50 })).to.deep.equal(["slow", "normal"]);
    });

    it("and no other", async () => {
      expect(await pacesOf((socket) => sendSnapshot(socket), { firstByte: 60_000, body: 60_000 })).to.deep.equal([]);
    });
  });

  it("does not take the reader's slowness for the server's", async () => {
    await harness.serve((socket) => sendSnapshot(socket, "x".repeat(2 * MB)), { idleTimeout: "500ms" });
    const { body } = await harness.client.snapshot(CONSISTENT);
    let received = 0;
    for await (const bytes of body) {
      if (received === 0) await delay(1500); // three limits
      received += bytes.length;
    }
    expect(received).to.equal(2 * MB);
  });

  it("keeps nothing of a body that it hands on", async () => {
    const size = 256 * MB;
    const piece = chunk(Buffer.alloc(MB));
    await harness.serve((socket) => {
      let left = size;
      const send = (): void => {
        while (left > 0) {
          left -= MB;
          if (!socket.write(piece)) return void socket.once("drain", send);
        }
        socket.write(LAST_CHUNK);
      };
      socket.write(SNAPSHOT_HEAD);
      send();
    });
    const { body } = await harness.client.snapshot(CONSISTENT);
    let received = 0;
    let most = 0;
    for await (const bytes of body) {
      received += bytes.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    expect(received).to.equal(size);
    expect(most).to.be.lessThan(size / 2);
  });

  it("tells the reader of a body that was cut while nobody read it, and nobody else", async () => {
    let gone: Promise<unknown> = Promise.resolve();
    await harness.serve((socket) => {
      gone = once(socket, "close");
      socket.write(SNAPSHOT_HEAD + chunk("snap").toString(), () => socket.resetAndDestroy());
    });
    const { body } = await harness.client.snapshot(CONSISTENT);
    await gone;
    for (let i = 0; i < 10; i++) await turn(); // an error that nobody handles would surface here
    expect((await failure(readAll(body))).code).to.equal("CONSUL_UNREACHABLE");
  });

  describe("when it is interrupted", () => {
    const interruption = async (work: Promise<unknown>): Promise<void> => {
      expect((await failure(work)).code).to.equal("INTERRUPTED");
    };

    it("before it asks, does not ask", async () => {
      await harness.serve((socket) => sendSnapshot(socket));
      harness.abort.abort();
      await interruption(harness.client.snapshot(CONSISTENT));
      await interruption(harness.client.agent());
      expect(harness.server.asked).to.have.length(0);
    });

    it("while it connects, stops, and hangs up when it is closed", async () => {
      harness.server = await faultyServer(() => undefined);
      harness.connect({ address: `https://${harness.server.address}` });
      const work = harness.client.snapshot(CONSISTENT);
      const closed = once(await harness.server.connected(), "close");
      harness.abort.abort();
      await interruption(work);
      await harness.client.close();
      await closed;
    });

    it("while it waits for the first byte, stops and hangs up", async () => {
      const closed = new Promise<unknown>((resolve) => {
        void harness
          .serve((socket) => {
            resolve(once(socket, "close"));
            harness.abort.abort();
          })
          .then(() => interruption(harness.client.snapshot(CONSISTENT)));
      });
      await closed;
    });

    it("in the body, stops and hangs up", async () => {
      let closed: Promise<unknown> = Promise.resolve();
      await harness.serve((socket) => {
        closed = once(socket, "close");
        socket.write(SNAPSHOT_HEAD + chunk("snap").toString());
      });
      const { body } = await harness.client.snapshot(CONSISTENT);
      await interruption(
        (async () => {
          for await (const bytes of body) if (bytes.length > 0) harness.abort.abort();
        })(),
      );
      await closed;
    });

    it("while it waits to ask again, stops", async () => {
      await harness.serve(
        (socket) => socket.write(whole(500, "No cluster leader"), () => harness.abort.abort()),
        {},
        30_000,
      );
      await interruption(harness.client.snapshot(CONSISTENT));
    });

    it("by being closed, stops waiting", async () => {
      await harness.serve(() => void harness.client.close());
      await interruption(harness.client.snapshot(CONSISTENT));
    });

    it("by being closed, hangs up on a body that nobody reads", async () => {
      let closed: Promise<unknown> = Promise.resolve();
      await harness.serve((socket) => {
        closed = once(socket, "close");
        socket.write(SNAPSHOT_HEAD + chunk("snap").toString());
      });
      await harness.client.snapshot(CONSISTENT);
      await harness.client.close();
      await closed;
    });
  });
});
