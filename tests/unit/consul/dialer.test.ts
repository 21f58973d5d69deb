import { type ChildProcessByStdio, spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { expect } from "chai";
import { ConsulClient } from "../../../provider/consul/client";
import { resolveConnection } from "../../../provider/consul/connection";
import { type FakeNames, fakeNames } from "../../support/faults/fakeNames";
import { whole } from "../../support/faults/faultyServer";

const LEADER = "10.0.0.1:8300";
const SLOW = "127.0.0.2";
/** Nothing listens there. */
const REFUSING = "::1";
/** More connections than the server's backlog holds: the system drops what comes after them, and its sender tries again. */
const CROWD = 8;

/** Prints its port, and accepts no connection until a line arrives at its standard input. */
const SERVER = `
const fs = require("node:fs");
const server = require("node:net").createServer((socket) => {
  socket.on("error", () => undefined).on("data", () => socket.end(process.argv[1]));
});
server.listen({ host: "${SLOW}", port: 0, backlog: 1 }, () => {
  fs.writeSync(1, server.address().port + "\\n");
  fs.readSync(0, Buffer.alloc(1));
});
`;

describe("a host with two addresses", function () {
  this.timeout(60_000);
  let server: ChildProcessByStdio<Writable, Readable, null>;
  let names: FakeNames | undefined;
  const crowd: Socket[] = [];
  let watch: (message: unknown) => void = () => undefined;

  afterEach(async () => {
    unsubscribe("net.client.socket", watch);
    names?.restore();
    for (const socket of crowd) socket.destroy();
    const closed = once(server, "close");
    server.kill("SIGKILL");
    await closed;
  });

  /** The first two sockets that this process opens from now on, once there are two. */
  function nextTwo(): Promise<readonly [Socket, Socket]> {
    return new Promise((resolve) => {
      let first: Socket | undefined;
      watch = (message) => {
        const { socket } = message as { readonly socket: Socket };
        if (first === undefined) first = socket;
        else resolve([first, socket]);
      };
      subscribe("net.client.socket", watch);
    });
  }

  it("is reached at the first, which accepts later than the second refuses: neither is given up after 250 ms", async () => {
    server = spawn(process.execPath, ["--eval", SERVER, whole(200, JSON.stringify(LEADER))], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [line] = (await once(server.stdout, "data")) as [Buffer];
    const port = Number(String(line));
    for (let at = 0; at < CROWD; at++) crowd.push(connect(port, SLOW).on("error", () => undefined));
    await Promise.race(crowd.map((socket) => once(socket, "connect")));

    names = fakeNames(() => [SLOW, REFUSING]);
    const opened = nextTwo();
    const client = new ConsulClient(
      resolveConnection({ address: `consul.test:${port}` }, { config: () => undefined, env: {} }),
      { signal: new AbortController().signal, notice: (message) => expect.fail(message) },
    );
    try {
      const answer = client.leader();
      const [first, second] = await opened;
      await new Promise((closed) => second.once("close", closed));
      expect(first.connecting, "the first was tried, and is not given up").to.equal(true);
      server.stdin.write("\n");
      expect(await answer).to.equal(LEADER);
    } finally {
      await client.close();
    }
  });
});
