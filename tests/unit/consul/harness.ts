/** A client of Consul with a faulty server to talk to; both end with the test. */

import type { Socket } from "node:net";
import { expect } from "chai";
import { ConsulClient, type SnapshotRequest } from "../../../provider/consul/client";
import { type ConnectionArgs, resolveConnection } from "../../../provider/consul/connection";
import { SnapshotError } from "../../../provider/errors";
import {
  type Asked,
  chunk,
  type FaultyServer,
  faultyServer,
  LAST_CHUNK,
  SNAPSHOT_HEAD,
} from "../../support/faults/faultyServer";

export const CONSISTENT: SnapshotRequest = { consistency: "consistent" };
export const STALE: SnapshotRequest = { consistency: "stale" };

export type Answer = (socket: Socket, asked: Asked, at: number) => void;

export interface ClientHarness {
  client: ConsulClient;
  server: FaultyServer;
  /** What the client has said. */
  notices: string[];
  /** Of each attempt that was followed by another: whether the server answered it. */
  answered: boolean[];
  /** Keeps that; to be given to a request. */
  readonly progress: Required<SnapshotRequest>["progress"];
  abort: AbortController;
  /** Starts a server that answers so, and a client of it that does not ask again unless told for how long. */
  serve(answer: Answer, args?: ConnectionArgs, retryForMs?: number): Promise<void>;
  connect(args: ConnectionArgs, retryForMs?: number): void;
  stop(): Promise<void>;
}

/** To be called in a `describe`. */
export function clientHarness(): ClientHarness {
  const harness: ClientHarness = {
    client: undefined as never,
    server: undefined as never,
    notices: [],
    answered: [],
    abort: new AbortController(),
    async serve(answer, args = {}, retryForMs = 0) {
      harness.server = await faultyServer(answer);
      harness.connect({ address: harness.server.address, ...args }, retryForMs);
    },
    connect(args, retryForMs = 0) {
      harness.client = new ConsulClient(resolveConnection(args, { config: () => undefined, env: {} }), {
        signal: harness.abort.signal,
        notice: (message) => harness.notices.push(message),
        retryForMs,
      });
    },
    progress: {
      connected: () => undefined,
      retrying: (isAnswered) => void harness.answered.push(isAnswered),
    },
    async stop() {
      await harness.client.close();
      await harness.server.stop();
    },
  };
  beforeEach(() => {
    harness.notices = [];
    harness.answered = [];
    harness.abort = new AbortController();
  });
  afterEach(() => harness.stop());
  return harness;
}

/** The error of work that must fail as it should. */
export async function failure(work: Promise<unknown>): Promise<SnapshotError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SnapshotError)) throw new Error("it did not fail as it should", { cause: error });
  expect(error.hint).to.not.equal("");
  return error;
}

export async function readAll(body: AsyncIterable<Buffer>): Promise<string> {
  let text = "";
  for await (const bytes of body) text += bytes.toString();
  return text;
}

export function sendSnapshot(socket: Socket, body = "snapshot"): void {
  socket.write(SNAPSHOT_HEAD);
  socket.write(chunk(body));
  socket.write(LAST_CHUNK);
}
