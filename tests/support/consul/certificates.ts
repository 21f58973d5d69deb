/** A certificate authority and certificates for tests, made by Consul's own `tls` commands. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { consulBinary } from "./binary";

const run = promisify(execFile);

export interface Certificates {
  /** The folder that holds the files. */
  readonly dir: string;
  readonly caFile: string;
  /** Names of the server's certificate: `server.<datacenter>.consul`, `localhost`, `127.0.0.1`. */
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
  remove(): Promise<void>;
}

/**
 * Makes a new authority with one server and one client certificate. Two calls make authorities that differ.
 *
 * @param names - that the server's certificate has besides
 */
export async function makeCertificates(datacenter = "dc1", names: readonly string[] = []): Promise<Certificates> {
  const dir = await mkdtemp(path.join(tmpdir(), "consul-tls-"));
  const consul = (...args: string[]) => run(consulBinary(), ["tls", ...args], { cwd: dir });
  await consul("ca", "create");
  const also = names.map((name) => `-additional-dnsname=${name}`);
  await consul("cert", "create", "-server", "-dc", datacenter, ...also);
  await consul("cert", "create", "-client", "-dc", datacenter);
  const file = (name: string) => path.join(dir, name);
  return {
    dir,
    caFile: file("consul-agent-ca.pem"),
    serverCert: file(`${datacenter}-server-consul-0.pem`),
    serverKey: file(`${datacenter}-server-consul-0-key.pem`),
    clientCert: file(`${datacenter}-client-consul-0.pem`),
    clientKey: file(`${datacenter}-client-consul-0-key.pem`),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
