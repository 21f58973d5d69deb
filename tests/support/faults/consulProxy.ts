/** A proxy in front of a real Consul: counts the restores that pass, and fails one as no server can be asked to. */

import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { snapshotHead } from "./faultyServer";
import { type Listening, listenOnLoopback } from "./listening";

/**
 * What becomes of a restore: its connection is cut in the middle of the archive; or nothing moves any more, in the
 * middle or once Consul has answered.
 */
export type Fate = "cut" | "held in the middle" | "held at its answer";

export interface ConsulProxy extends Listening {
  /** How many restores were begun. */
  restores(): number;
  /** How many requests were neither GET nor HEAD, restores among them. */
  writes(): number;
  /** Of the next restore; resolves when it has come to that. */
  next(fate: Fate): Promise<void>;
  /** Cuts the connections of restores that are held in the middle. */
  cutHeld(): void;
  /**
   * Lies from the next restore on: that is said to be done and not passed on; and with an archive, that is what is
   * given as the cluster's snapshot.
   */
  lie(archive?: Buffer): void;
  /** Answers the next restore, once Consul has done it, as a leader does that then fails to go on. */
  failAfterRestore(): void;
  /** What others do between the next restore and its answer. */
  afterRestore(work: () => Promise<unknown>): void;
  /** What others do just before the next snapshot is taken. */
  beforeSnapshot(work: () => Promise<unknown>): void;
  /** What others do just before the next request whose URL matches. */
  beforeRequest(url: RegExp, work: () => Promise<unknown>): void;
  /** Answers the next request whose URL matches with 500, and does not pass it on. */
  failNext(url: RegExp): void;
}

/** @param target - the address of Consul, or that for each request */
export async function consulProxy(target: string | ((request: IncomingMessage) => string)): Promise<ConsulProxy> {
  let [restores, writes] = [0, 0];
  let coming: { readonly fate: Fate; happened(): void } | undefined;
  let others: (() => Promise<unknown>) | undefined;
  let othersFirst: { readonly url: RegExp; readonly work: () => Promise<unknown> } | undefined;
  let failing: RegExp | undefined;
  let failsAfter = false;
  let lie: { readonly archive: Buffer | undefined; isTold: boolean } | undefined;

  const held: { destroy(): void }[] = [];

  function pass(request: IncomingMessage, response: ServerResponse): void {
    const isRestore = request.method === "PUT" && request.url?.startsWith("/v1/snapshot") === true;
    const its = isRestore ? coming : undefined;
    if (request.method !== "GET" && request.method !== "HEAD") writes++;
    if (isRestore) {
      restores++;
      coming = undefined;
    }
    if (lie !== undefined && isRestore) {
      lie.isTold = true;
      request.resume().once("end", () => response.end());
      return;
    }
    if (lie?.isTold === true && lie.archive !== undefined && request.url?.startsWith("/v1/snapshot") === true) {
      const { archive } = lie;
      response.writeHead(200, snapshotHead()).end(archive);
      return;
    }
    if (othersFirst !== undefined && request.method === "GET" && othersFirst.url.test(request.url ?? "")) {
      const { work } = othersFirst;
      othersFirst = undefined;
      work().then(
        () => pass(request, response),
        () => response.destroy(),
      );
      return;
    }
    if (failing?.test(request.url ?? "") === true) {
      failing = undefined;
      response.writeHead(500).end("rpc error");
      return;
    }
    const [host, port] = (typeof target === "string" ? target : target(request)).split(":");
    const { method, url: path, headers } = request;
    const upstream = httpRequest({ host, port, method, path, headers, agent: false });
    // Whoever goes takes the other side along.
    response.once("close", () => upstream.destroy());
    upstream.on("error", () => response.destroy());
    upstream.on("response", (answer) => {
      if (its?.fate === "held at its answer") {
        its.happened();
        return;
      }
      const passOn = (): void => {
        if (isRestore && failsAfter) {
          failsAfter = false;
          response.writeHead(500).end("timed out waiting to re-run leader actions");
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      };
      const work = isRestore ? others : undefined;
      if (work === undefined) {
        passOn();
        return;
      }
      others = undefined;
      work().then(passOn, () => response.destroy());
    });
    if (its?.fate === "cut" || its?.fate === "held in the middle") {
      request.once("data", (chunk: Buffer) => {
        request.pause();
        upstream.write(chunk.subarray(0, chunk.length / 2), () => {
          if (its.fate === "cut") request.socket.destroy();
          else held.push(request.socket);
          its.happened();
        });
      });
    } else request.pipe(upstream);
  }

  return {
    ...(await listenOnLoopback(createServer(pass))),
    cutHeld: () => held.splice(0).forEach((socket) => socket.destroy()),
    restores: () => restores,
    writes: () => writes,
    lie: (archive) => void (lie = { archive, isTold: false }),
    failAfterRestore: () => void (failsAfter = true),
    afterRestore: (work) => void (others = work),
    beforeSnapshot: (work) => void (othersFirst = { url: /^\/v1\/snapshot/, work }),
    beforeRequest: (url, work) => void (othersFirst = { url, work }),
    failNext: (url) => void (failing = url),
    next: (fate) => new Promise<void>((happened) => void (coming = { fate, happened })),
  };
}
