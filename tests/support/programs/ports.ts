/** Free ports for servers of tests, on the loopback address. */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";

export const LOOPBACK = "127.0.0.1";

/** Below the range that Linux and macOS use for outgoing connections, so that none takes a port in between. */
const LOWEST = 10_000;
const HIGHEST = 32_000;

/** Test processes that run beside each other have a part of the range each; `tools/test.mjs` numbers them. */
const [slot = 0, slots = 1] = (process.env.TEST_SLOT ?? "0/1").split("/").map(Number);
const SHARE = Math.floor((HIGHEST - LOWEST) / slots);
const FIRST = LOWEST + slot * SHARE;

const handedOut = new Set<number>();

/** Picks ports at random that are free for TCP and UDP, each given out once. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST + Math.floor(Math.random() * SHARE);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if ((await tcpIsFree(port)) && (await udpIsFree(port))) ports.push(port);
  }
  return ports;
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}

function tcpIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)));
  });
}

function udpIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => resolve(false));
    socket.bind(port, LOOPBACK, () => socket.close(() => resolve(true)));
  });
}
