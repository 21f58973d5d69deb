/** A Consul, or a proxy in front of it, that puts what it likes into its answers: below each prefix `/N` in its own way. */

import { createServer, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { archiveOf, metaJson, sumsOf, TAR_END, tarEntry } from "../../fixtures/archive";
import { keyValue, stateOf } from "../../fixtures/state";
import { snapshotHead } from "./faultyServer";
import { type Listening, listenOnLoopback } from "./listening";

export interface EchoingConsul extends Listening {
  /** The address below which the server answers in this way. */
  at(number: number): string;
}

const STATE = stateOf([keyValue("app/a", "1")]);
const ARCHIVE = archiveOf(STATE);

/** Answers to each request. */
const REFUSALS: Readonly<Record<string, (echo: string, response: ServerResponse) => void>> = {
  "403": (echo, response) => void response.writeHead(403).end(`Permission denied: ${echo}`),
  "400 in JSON": (echo, response) => void response.writeHead(400, JSON_TYPE).end(JSON.stringify({ error: echo })),
  "401": (echo, response) =>
    void response.writeHead(401, { "WWW-Authenticate": `Basic realm="${headerOf(echo)}"` }).end(echo),
  "404": (echo, response) => void response.writeHead(404).end(`no such page: ${echo}`),
  "413 in HTML": (echo, response) =>
    void response.writeHead(413, { "Content-Type": `text/html; charset=${headerOf(echo)}` }).end(`<h1>${echo}</h1>`),
  "an error of Consul": (echo, response) =>
    void response.writeHead(500).end(`rpc error making call: Permission denied: ${echo}`),
  "an unknown datacenter": (echo, response) => void response.writeHead(500).end(`No path to datacenter ${echo}`),
  "a redirect": (echo, response) =>
    void response.writeHead(307, { Location: `https://elsewhere.example/?token=${headerOf(echo)}` }).end(echo),
  "a reason": (echo, response) => void response.writeHead(418, headerOf(echo)).end(),
  "another type": (echo, response) =>
    void response.writeHead(200, { ...snapshotHead(), "Content-Type": headerOf(echo) }).end(echo),
};

/** Snapshots; everything else is answered as by a server whose names are the echo. */
const SNAPSHOTS: Readonly<Record<string, (echo: string, response: ServerResponse) => void>> = {
  "an archive": (_echo, response) => void response.writeHead(200, snapshotHead()).end(ARCHIVE),
  "an archive, with other headers": (echo, response) => {
    const names = Object.keys(snapshotHead()).filter((name) => name.startsWith("X-Consul-"));
    const echoes = Object.fromEntries(names.map((name) => [name, headerOf(echo)]));
    response.writeHead(200, { ...snapshotHead(), ...echoes }).end(ARCHIVE);
  },
  "no archive": (echo, response) => void response.writeHead(200, snapshotHead()).end(echo),
  "a member of that name": (echo, response) => {
    const meta = metaJson(STATE.length);
    const name = headerOf(echo).slice(0, 90);
    response.writeHead(200, snapshotHead()).end(gzipSync(Buffer.concat([tarEntry(name, meta), TAR_END])));
  },
  "checksums of that name": (echo, response) => {
    const meta = metaJson(STATE.length);
    const sums = Buffer.from(String(sumsOf(meta, STATE)).replace("state.bin", headerOf(echo)));
    const tar = [tarEntry("meta.json", meta), tarEntry("state.bin", STATE), tarEntry("SHA256SUMS", sums), TAR_END];
    response.writeHead(200, snapshotHead()).end(gzipSync(Buffer.concat(tar)));
  },
  "a snapshot of that id": (echo, response) =>
    void response.writeHead(200, snapshotHead()).end(archiveOf(STATE, metaJson(STATE.length, { ID: echo }))),
  "a server of that id": (echo, response) => {
    const Servers = [{ Suffrage: 0, ID: echo, Address: echo }];
    const meta = metaJson(STATE.length, { Configuration: { Servers } });
    response.writeHead(200, snapshotHead()).end(archiveOf(STATE, meta));
  },
};

const JSON_TYPE = { "Content-Type": "application/json" };
const WAYS = [...Object.keys(REFUSALS), ...Object.keys(SNAPSHOTS)];

/** How many ways there are. */
export const CONSUL_WAYS = WAYS.length;

export function consulWay(number: number): string {
  return WAYS[number % WAYS.length] ?? "";
}

/** Whether all requests are answered so, and not only that for the snapshot. */
export function isRefusal(number: number): boolean {
  return Object.hasOwn(REFUSALS, consulWay(number));
}

/** @param echoOf - what the answers below the prefix `/N` contain */
export async function echoingConsul(echoOf: (number: number) => string): Promise<EchoingConsul> {
  const server = createServer((request, response) => {
    request.resume();
    const [, digits = "0", path = ""] = /^\/(\d+)(\/[^?]*)/.exec(request.url ?? "") ?? [];
    const number = Number(digits);
    const [way, echo] = [consulWay(number), echoOf(number)];
    const refuse = REFUSALS[way];
    if (refuse !== undefined) refuse(echo, response);
    else if (path === "/v1/snapshot") SNAPSHOTS[way]?.(echo, response);
    else response.writeHead(200, JSON_TYPE).end(JSON.stringify(factsOf(echo, way)[path] ?? {}));
  });
  const listening = await listenOnLoopback(server);
  return { ...listening, at: (number) => `http://${listening.address}/${number}` };
}

/** What a server of one says of itself. A restore begins only on a version that is known. */
function factsOf(echo: string, way: string): Readonly<Record<string, unknown>> {
  const [Datacenter, Version] = way === "a server of that id" ? ["dc1", "1.14.11"] : [echo, echo];
  const server = { ID: echo, Name: echo, Node: echo, Address: echo, Leader: true, Voter: true };
  const health = { ...server, Healthy: true, SerfStatus: "alive", LastIndex: 1e9, Version };
  return {
    "/v1/agent/self": { Config: { Datacenter, NodeName: echo, Version, Server: true, NodeID: echo } },
    "/v1/catalog/datacenters": [echo],
    "/v1/catalog/service/consul": [{ Node: echo, ServiceMeta: { version: Version } }],
    "/v1/operator/autopilot/health": { Healthy: true, Servers: [health] },
    "/v1/operator/raft/configuration": { Servers: [server] },
    "/v1/status/leader": echo,
    "/v1/status/peers": [echo],
  };
}

/** What fits into a header, which is one line of ASCII. */
function headerOf(echo: string): string {
  return echo.replaceAll(/[^ -~]/g, "");
}
