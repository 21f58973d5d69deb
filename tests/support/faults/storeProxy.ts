/** An HTTP proxy in front of a store's server: for answers of the real service that a test server does not give, and to stop at a request. */

import { createServer, type IncomingMessage, request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import { LOOPBACK } from "../programs/ports";
import { type Listening, listenOnLoopback } from "./listening";

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The moment just before or just after the client receives the answer to the request that is counted as `request`. */
export interface Step {
  /** Counted from 1, in the order of arrival. */
  readonly request: number;
  readonly side: "before" | "after";
}

export interface StoreProxy extends Listening {
  /** Method and path of each request so far. */
  readonly requests: readonly string[];
  /**
   * From now on: what to answer in the server's place; or to `cut` the connection, or to `hold` the request forever.
   * `undefined` passes it on.
   */
  refuse(decide: (method: string, path: string) => Refusal | "cut" | "hold" | undefined): void;
  /** From now on: for what the last byte of an object waits whose path matches. */
  holdLastByte(path: RegExp, until: () => Promise<unknown>): void;
  /** Resolves at this step. From then on nothing is passed on: what the client still wants is lost. */
  reach(step: Step): Promise<void>;
}

/** @param port - of the store's server */
export async function startStoreProxy(port: number): Promise<StoreProxy> {
  const requests: string[] = [];
  let decide: Parameters<StoreProxy["refuse"]>[0] = () => undefined;
  let awaited: { readonly step: Step; readonly reached: () => void } | undefined;
  let isOver = false;
  let held: { readonly path: RegExp; readonly until: () => Promise<unknown> } | undefined;
  const server = createServer((request, response) => {
    if (isOver) return;
    // The headers as they came: they are signed.
    const { method = "", url = "", rawHeaders } = request;
    const number = requests.push(`${method} ${url}`);
    const verdict = decide(method, pathOf(request));
    if (verdict === "hold") return;
    if (verdict === "cut") {
      request.socket.resetAndDestroy();
      return;
    }
    if (verdict !== undefined) {
      request.resume();
      response.writeHead(verdict.status, verdict.headers).end(verdict.body);
      return;
    }
    const onward = httpRequest({ host: LOOPBACK, port, method, path: url, headers: rawHeaders, agent: false });
    onward.on("error", () => response.destroy());
    onward.on("response", (answer) => {
      answer.on("error", () => response.destroy());
      const its = awaited?.step.request === number ? awaited : undefined;
      const pass = (reached?: () => void): void => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        const until = method === "GET" && held?.path.test(pathOf(request)) === true ? held.until : undefined;
        (until === undefined ? answer : Readable.from(endingAfter(answer, until))).pipe(response);
        if (reached !== undefined) response.once("finish", reached);
      };
      const over = (): void => {
        isOver = true;
        its?.reached();
      };
      if (its?.step.side === "before") answer.resume().once("end", over);
      else if (!isOver) pass(its && over);
    });
    request.pipe(onward);
  });
  const listening = await listenOnLoopback(server);
  return {
    ...listening,
    requests,
    holdLastByte: (path, until) => void (held = { path, until }),
    refuse: (next) => void (decide = next),
    reach: (step) => new Promise((reached) => (awaited = { step, reached })),
  };
}

async function* endingAfter(bytes: AsyncIterable<Buffer>, until: () => Promise<unknown>): AsyncGenerator<Buffer> {
  let last = Buffer.alloc(0);
  for await (const piece of bytes) {
    const known = Buffer.concat([last, piece]);
    last = known.subarray(-1);
    if (known.length > 1) yield known.subarray(0, -1);
  }
  await until();
  yield last;
}

/** Without the query, and readable. */
function pathOf({ url = "" }: IncomingMessage): string {
  return decodeURIComponent(url.replace(/\?.*$/s, ""));
}
