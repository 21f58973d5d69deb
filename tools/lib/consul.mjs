// A throwaway Consul server on the loopback address, with free ports and a data folder of its own.
import { openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "./failure.mjs";
import { run, start } from "./processes.mjs";

/** The tool that the demo, and a suite that needs one version, run. That of the tests is in `tests/support/consul/binary.ts`. */
export const CONSUL = "consul-1.14";

/** How long it may take to elect itself, in ms. */
const READY_MS = 60_000;

/**
 * Writes its configuration.
 * @param {string} consul the program
 * @param {string} folder for its data, its log and its configuration
 * @returns {Promise<{ file: string, address: string }>} `address` as CONSUL_HTTP_ADDR takes it
 */
export async function configureConsul(consul, folder) {
  const { stdout } = await run(consul, ["version"]);
  const [, major, minor] = /v(\d+)\.(\d+)/.exec(stdout) ?? [];
  // A port that 1.14 brought, opens by itself, and older ones do not know.
  const newer = Number(major) > 1 || Number(minor) >= 14 ? { grpc_tls: -1 } : {};
  const [http, server, serf_lan] = await freePorts(3);
  const file = join(folder, "consul.json");
  const settings = {
    server: true,
    bootstrap_expect: 1,
    datacenter: "dc1",
    node_name: "demo",
    data_dir: join(folder, "data"),
    bind_addr: "127.0.0.1",
    client_addr: "127.0.0.1",
    ports: { http, server, serf_lan, serf_wan: -1, dns: -1, grpc: -1, ...newer },
    performance: { raft_multiplier: 1 },
    disable_update_check: true,
  };
  writeFileSync(file, JSON.stringify(settings, undefined, 2));
  return { file, address: `127.0.0.1:${http}` };
}

/**
 * Starts it, and waits until it has a leader.
 * @param {string} consul the program
 * @param {string} folder as for `configureConsul`
 * @param {{ file: string, address: string }} configuration
 */
export async function startConsul(consul, folder, { file, address }) {
  const log = join(folder, "consul.log");
  const output = openSync(log, "w");
  const server = start(consul, ["agent", "-config-file", file], { stdio: ["ignore", output, output] });
  const until = Date.now() + READY_MS;
  while ((await leader(address)) === "") {
    if (server.exitCode === null && Date.now() < until) await delay(50);
    else throw new Failure(`Consul did not start:\n${readFileSync(log, "utf8").split("\n").slice(-20).join("\n")}`);
  }
}

/**
 * @param {string} address
 * @returns {Promise<string>} empty while there is none
 */
async function leader(address) {
  try {
    return /** @type {string} */ (await (await fetch(`http://${address}/v1/status/leader`)).json());
  } catch {
    return "";
  }
}

/**
 * Ports that nobody listens on, all different.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise((found, failed) => {
          server.once("error", failed);
          server.listen(0, "127.0.0.1", () =>
            found(/** @type {import("node:net").AddressInfo} */ (server.address()).port),
          );
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
