/** A TCP proxy in front of a server: for connections that break, which no server can be asked to do at a given byte. */
import { connect, createServer } from "node:net";
import { LOOPBACK } from "../programs/ports";
import { type Listening, listenOnLoopback } from "./listening";

export interface CuttingProxy extends Listening {
  /** Bytes that went to the server so far. */
  sent(): number;
  /** Breaks the connection that has passed on this many more bytes from the server, once. */
  cutAfter(bytes: number): void;
  /**
   * Passes on no more than this many bytes from the server on one connection, once, and leaves it open, whatever the
   * server does. Settles when the client has closed it.
   */
  holdAfter(bytes: number): Promise<void>;
  /** Breaks the connection that would pass on more than this many bytes to the server, once. */
  cutSendingAfter(bytes: number): void;
  /** Breaks the next connection on which the server begins to answer a request that `matches`, before a byte of it. */
  loseAnswer(matches: RegExp): void;
  /** Calls `act` when a request that `matches` begins to arrive, once, before it is passed on. */
  before(matches: RegExp, act: () => void): void;
  /** How many connections were broken. */
  cuts(): number;
}

/** @param port - of the server */
export async function startCuttingProxy(port: number): Promise<CuttingProxy> {
  let sent = 0;
  let cuts = 0;
  let left = Number.POSITIVE_INFINITY;
  let leftToSend = Number.POSITIVE_INFINITY;
  let lose: RegExp | undefined;
  let awaited: { readonly matches: RegExp; readonly act: () => void } | undefined;
  let hold: { left: number; readonly closed: () => void } | undefined;

  const server = createServer((client) => {
    const upstream = connect(port, LOOPBACK);
    let doomed = false;
    let held = false;
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      socket.on("error", () => undefined);
      socket.on("close", () => {
        if (!held || socket === client) end();
      });
    }
    const cut = () => {
      cuts++;
      client.resetAndDestroy();
      upstream.destroy();
    };
    client.on("data", (chunk) => {
      sent += chunk.length;
      if (awaited?.matches.test(chunk.toString("latin1")) === true) {
        const { act } = awaited;
        awaited = undefined;
        act();
      }
      if (chunk.length > leftToSend) {
        upstream.write(chunk.subarray(0, leftToSend), cut);
        leftToSend = Number.POSITIVE_INFINITY;
        return;
      }
      leftToSend -= chunk.length;
      if (lose?.test(chunk.toString("latin1")) === true) {
        lose = undefined;
        doomed = true;
      }
      if (!upstream.write(chunk)) client.pause();
    });
    upstream.on("drain", () => client.resume());
    upstream.on("data", (chunk) => {
      if (held) return;
      if (hold !== undefined && (hold.left -= chunk.length) < 0) {
        client.on("close", hold.closed);
        hold = undefined;
        held = true;
        return;
      }
      left -= chunk.length;
      if (doomed || left < 0) {
        left = Number.POSITIVE_INFINITY;
        cut();
      } else if (!client.write(chunk)) upstream.pause();
    });
    client.on("drain", () => upstream.resume());
  });
  return {
    ...(await listenOnLoopback(server)),
    sent: () => sent,
    cutAfter: (bytes) => void (left = bytes),
    holdAfter: (bytes) => new Promise((closed) => (hold = { left: bytes, closed })),
    cutSendingAfter: (bytes) => void (leftToSend = bytes),
    loseAnswer: (matches) => void (lose = matches),
    before: (matches, act) => void (awaited = { matches, act }),
    cuts: () => cuts,
  };
}
