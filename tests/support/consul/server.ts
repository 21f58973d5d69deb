/** One real Consul server process on the loopback address, with a data folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Agent, fetch, type Response } from "undici";
import type { Certificates } from "./certificates";
import { type ConsulName, consulBinary, DEFAULT_CONSUL } from "./binary";
import { LOOPBACK } from "../programs/ports";
import { reap, unrefStream } from "../programs/reaper";

export interface ConsulOptions {
  /** Default: `DEFAULT_CONSUL`. */
  readonly binary?: ConsulName;
  /** Default: `dc1`. */
  readonly datacenter?: string;
  /** The servers are called so, and by a number. Default: `server-`. */
  readonly names?: string;
  /** ACLs on, default deny, with an initial management token (`ConsulServer.token`). Default: off. */
  readonly acl?: boolean;
  /** Serves https instead of http, with these certificates. Default: http. */
  readonly tls?: Certificates;
  /** Whether https demands a client certificate of the same authority. Default: true. */
  readonly verifyIncoming?: boolean;
  /** Serves http on a unix socket instead of a port. Default: false. */
  readonly unixSocket?: boolean;
  /** Serves gRPC on this port, as peering needs it. Default: not at all. */
  readonly grpcPort?: number;
  /** Gossips with other datacenters on this port. Default: not at all. */
  readonly wanPort?: number;
  /** More agent configuration; laid over ours, key by key at the top. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface ApiInit {
  readonly method?: string;
  /** Sent as JSON, unless it is text or bytes. */
  readonly body?: unknown;
  /** Default: the server's management token, if it has one. `null`: none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface ConsulServer {
  readonly name: string;
  readonly datacenter: string;
  /** As CONSUL_HTTP_ADDR takes it, without a scheme (`127.0.0.1:8500`), or `unix:///path`. */
  readonly address: string;
  /** With the scheme: `http://127.0.0.1:8500`, or `unix:///path`. */
  readonly url: string;
  /** Where servers speak to each other, as `/v1/status/leader` names them. */
  readonly rpcAddress: string;
  /** The initial management token, where ACLs are on. */
  readonly token?: string;
  readonly dataDir: string;
  readonly running: boolean;
  /** Of the process; throws when it does not run. */
  readonly pid: number;
  /** Calls the HTTP API and reads the answer: JSON where it is JSON, else text. Rejects when the status is not 2xx. */
  api(path: string, init?: ApiInit): Promise<unknown>;
  /** Calls the HTTP API and leaves status and body to the caller. */
  fetch(path: string, init?: ApiInit): Promise<Response>;
  /** The last megabyte of what the server has written. */
  log(): string;
  /** Ends the server as a crash does. Its data stays, for `start`. */
  kill(): Promise<void>;
  /** Starts a killed server again on the same data and ports, and returns at once: see `until`. */
  start(): Promise<void>;
  /** Ends the server and removes its folder. Safe to call twice, and after `kill`. */
  stop(): Promise<void>;
}

export interface Place {
  readonly name: string;
  readonly http: number;
  readonly serf: number;
  readonly rpc: number;
  readonly token?: string;
  /** The servers that form the cluster, by their gossip address. */
  readonly join: readonly string[];
}

const LOG_LIMIT = 1024 * 1024;

/** Lays out a server and starts its process; does not wait for it to answer. */
export async function launch(place: Place, options: ConsulOptions): Promise<ConsulServer> {
  const folder = await mkdtemp(path.join(tmpdir(), "consul-test-"));
  const dataDir = path.join(folder, "data");
  const configFile = path.join(folder, "agent.json");
  const socketPath = path.join(folder, "http.sock");
  await writeFile(configFile, JSON.stringify(agentConfig(place, options, dataDir, socketPath)));

  const address = options.unixSocket ? `unix://${socketPath}` : `${LOOPBACK}:${place.http}`;
  const base = `${options.tls ? "https" : "http"}://${LOOPBACK}:${place.http}`;
  const dispatcher = new Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { ...(options.unixSocket && { socketPath }), ...(options.tls && clientTls(options.tls)) },
  });

  let child: ChildProcess | undefined;
  let callOffReaper = () => {};
  let log = "";

  const server: ConsulServer = {
    name: place.name,
    datacenter: options.datacenter ?? "dc1",
    address,
    url: options.unixSocket ? address : base,
    rpcAddress: `${LOOPBACK}:${place.rpc}`,
    ...(place.token !== undefined && { token: place.token }),
    dataDir,
    get running() {
      return child !== undefined && isRunning(child);
    },
    get pid() {
      if (child?.pid === undefined || !isRunning(child)) throw new Error(`${place.name} is not running`);
      return child.pid;
    },
    log: () => log,

    async start() {
      const spawned = spawn(consulBinary(options.binary), ["agent", "-config-file", configFile], {
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const keep = (text: Buffer | Error) => {
        log = (log + String(text)).slice(-LOG_LIMIT);
      };
      spawned.stdout.on("data", keep);
      spawned.stderr.on("data", keep);
      spawned.on("error", keep);
      child = spawned;
      await once(spawned, "spawn");
      callOffReaper = reap(server.pid, folder);
      // A test that forgets a server still ends, and the reaper ends the server.
      spawned.unref();
      unrefStream(spawned.stdout);
      unrefStream(spawned.stderr);
    },

    async kill() {
      if (child === undefined || !isRunning(child)) return;
      const ended = once(child, "exit");
      child.ref();
      child.kill("SIGKILL");
      await ended;
      callOffReaper();
    },

    async stop() {
      await server.kill();
      await dispatcher.destroy();
      await rm(folder, { recursive: true, force: true });
    },

    fetch(apiPath, init = {}) {
      const token = init.token === undefined ? place.token : init.token;
      const raw = typeof init.body === "string" || init.body instanceof Uint8Array;
      return fetch(base + apiPath, {
        method: init.method ?? "GET",
        dispatcher,
        // Consul would compress a snapshot a second time.
        headers: { "Accept-Encoding": "identity", ...(token && { "X-Consul-Token": token }), ...init.headers },
        ...(init.body !== undefined && { body: raw ? (init.body as string) : JSON.stringify(init.body) }),
        ...(init.signal && { signal: init.signal }),
      });
    },

    async api(apiPath, init) {
      const response = await server.fetch(apiPath, init);
      const text = await response.text();
      if (!response.ok) throw new Error(`${init?.method ?? "GET"} ${apiPath}: ${response.status} ${text}`);
      return response.headers.get("content-type")?.includes("json") ? (JSON.parse(text) as unknown) : text;
    },
  };
  await server.start();
  return server;
}

/** Asks again and again, soon after each other, until the answer is no longer `undefined` or the limit is over. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, limitMs = 60_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await delay(20);
  }
  throw new Error(`waited ${limitMs / 1000} s for ${what}`, { cause: last });
}

/** Asks again and again until the condition holds. */
export function eventually(what: string, condition: () => Promise<boolean>): Promise<boolean> {
  return until(what, async () => ((await condition()) ? true : undefined));
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function clientTls(tls: Certificates) {
  return { ca: readFileSync(tls.caFile), cert: readFileSync(tls.clientCert), key: readFileSync(tls.clientKey) };
}

function agentConfig(place: Place, options: ConsulOptions, dataDir: string, socketPath: string) {
  const { tls, unixSocket } = options;
  return {
    server: true,
    node_name: place.name,
    datacenter: options.datacenter ?? "dc1",
    data_dir: dataDir,
    bind_addr: LOOPBACK,
    client_addr: LOOPBACK,
    bootstrap_expect: place.join.length,
    retry_join: place.join,
    retry_interval: "100ms",
    log_level: "info",
    disable_update_check: true,
    connect: { enabled: true },
    performance: { raft_multiplier: 1 },
    ports: {
      server: place.rpc,
      serf_lan: place.serf,
      serf_wan: options.wanPort ?? -1,
      dns: -1,
      // Since 1.14 peering needs gRPC over TLS, on a port of its own, which is open by default and unknown before.
      ...((options.binary ?? DEFAULT_CONSUL) === "consul-1.14"
        ? { grpc: -1, grpc_tls: options.grpcPort ?? -1 }
        : { grpc: options.grpcPort ?? -1 }),
      http: tls ? -1 : place.http,
      https: tls ? place.http : -1,
    },
    ...(unixSocket && { addresses: { http: `unix://${socketPath}` } }),
    ...(place.token !== undefined && {
      acl: {
        enabled: true,
        default_policy: "deny",
        tokens: { initial_management: place.token, agent: place.token },
      },
    }),
    ...(tls && {
      tls: {
        https: {
          ca_file: tls.caFile,
          cert_file: tls.serverCert,
          key_file: tls.serverKey,
          verify_incoming: options.verifyIncoming ?? true,
        },
      },
    }),
    ...options.config,
  };
}
