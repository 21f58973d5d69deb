/**
 * What lies between one of several agents and a server: a line, which can be cut and which shows when the agent saves. All lines
 * are in one process, so what they see has one order.
 */

import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { LOOPBACK } from "../programs/ports";
import { type Listening, listenOnLoopback } from "./listening";

/** Whether a request asks Consul for a snapshot. */
export function isSnapshot(method: string, url: string): boolean {
  return method === "GET" && url.startsWith("/v1/snapshot");
}

/** Whether a request uploads a small archive to S3. */
export function isUpload(method: string, url: string): boolean {
  return method === "PUT" && /\.snap(\?|$)/.test(url);
}

/** Who of several agents saves: each request that is part of a save counts from its arrival until its connection is closed or it is answered. */
export class SaveWatch {
  readonly #open = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  /** Which agents have saved while another one did. */
  readonly overlaps: string[] = [];

  enter(name: string): void {
    this.#open.set(name, (this.#open.get(name) ?? 0) + 1);
    const others = [...this.#open].filter(([other, open]) => other !== name && open > 0);
    if (others.length > 0) this.overlaps.push(`${name} while ${others.map(([other]) => other).join(", ")}`);
    this.#look();
  }

  leave(name: string): void {
    this.#open.set(name, (this.#open.get(name) ?? 0) - 1);
    this.#look();
  }

  /** Resolves when this agent does not save; rejects when two save at once. */
  async idle(name: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (this.overlaps.length > 0) reject(new Error(`two saved at once: ${this.overlaps.join("; ")}`));
        else if ((this.#open.get(name) ?? 0) > 0) return;
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of this.#listeners) look();
  }
}

export interface AgentLine extends Listening {
  /** Never answers the next request that is part of a save; calls `held` when it has arrived. */
  holdNext(held: () => void): void;
  /** Takes back `holdNext`, if there was no such request. */
  holdNone(): void;
  /**
   * `reset`: connections break, and new ones are refused. `silent`: nothing arrives on either side, and connections stay, as
   * when a network drops packets.
   */
  cut(kind: "reset" | "silent"): void;
  /** Breaks the connections from the time of the cut; new ones work. */
  mend(): void;
}

/**
 * @param port - of the server
 * @param isSave - whether a request is part of a save
 */
export async function startAgentLine(
  name: string,
  port: number,
  isSave: (method: string, url: string) => boolean,
  watch: SaveWatch,
): Promise<AgentLine> {
  let state: "open" | "reset" | "silent" = "open";
  let hold: (() => void) | undefined;
  /** Each of them ends the server's side of a request that is passed on. */
  const drops = new Set<() => void>();
  const clients = new Set<Socket>();

  function pass(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "", rawHeaders } = request;
    if (isSave(method, url)) {
      watch.enter(name);
      response.once("close", () => watch.leave(name));
      if (hold !== undefined && state === "open") {
        const held = hold;
        hold = undefined;
        held();
        return;
      }
    }
    if (state !== "open") return;
    const onward = httpRequest({ host: LOOPBACK, port, method, path: url, headers: rawHeaders, agent: false });
    let isDropped = false;
    const drop = (): void => {
      isDropped = true;
      onward.destroy();
    };
    drops.add(drop);
    response.once("close", () => {
      drops.delete(drop);
      onward.destroy();
    });
    onward.on("error", () => {
      if (!isDropped) response.destroy();
    });
    onward.on("response", (answer) => {
      answer.on("error", () => {
        if (!isDropped) response.destroy();
      });
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    request.pipe(onward);
  }

  const server = createServer(pass);
  server.on("connection", (socket: Socket) => {
    clients.add(socket);
    socket.once("close", () => clients.delete(socket));
    if (state === "reset") socket.destroy();
  });
  const breakAll = (): void => {
    for (const socket of clients) socket.destroy();
  };
  return {
    ...(await listenOnLoopback(server)),
    holdNext: (held) => void (hold = held),
    holdNone: () => void (hold = undefined),
    cut(kind) {
      state = kind;
      for (const drop of drops) drop();
      if (kind === "reset") breakAll();
    },
    mend() {
      state = "open";
      breakAll();
    },
  };
}
