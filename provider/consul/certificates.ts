/** The certificates and keys of a connection, read and checked before anything is sent. */

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Given, Settings } from "./settings";

/** What a TLS connection is made with; all of it PEM. */
export interface Tls {
  /** The authorities to trust. Default: those that Node.js comes with. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name to look for in the server's certificate. Default: the host. */
  readonly serverName?: string;
  /** Accept any certificate. */
  readonly insecure: boolean;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Reads the files that the settings name; what is wrong with them goes to the settings' problems. */
export function readTls(settings: Settings): Tls {
  const ca = readAuthorities(settings);
  const pair = readPair(settings);
  const serverName = settings.text("tlsServerName");
  return {
    ...(ca === undefined ? {} : { ca }),
    ...pair,
    ...(serverName === undefined ? {} : { serverName }),
    insecure: settings.find("insecureHttps")?.value === true,
  };
}

function readAuthorities(settings: Settings): string | undefined {
  const given = settings.findOne("caFile", "caPem", "caPath");
  const pem = given?.name === "caPath" ? readFolder(settings, given) : readPem(settings, given);
  if (given !== undefined && pem !== undefined && parseCertificates(pem) === undefined) {
    settings.refuse(given, `${given.label} holds no readable PEM certificate`);
  }
  return pem;
}

/** Both halves of the client's certificate, or none. */
function readPair(settings: Settings): { cert: string; key: string } | undefined {
  const certGiven = settings.findOne("certFile", "certPem");
  const keyGiven = settings.findOne("keyFile", "keyPem");
  if (certGiven === undefined || keyGiven === undefined) {
    const half = certGiven ?? keyGiven;
    const missing = certGiven === undefined ? "certFile or certPem" : "keyFile or keyPem";
    if (half !== undefined) {
      settings.refuse(half, `${half.label} is half of a client certificate: give ${missing} too`);
    }
    return undefined;
  }
  const cert = readPem(settings, certGiven);
  const key = readPem(settings, keyGiven);
  const certificate = cert === undefined ? undefined : parseCertificates(cert);
  const privateKey = key === undefined ? undefined : parseKey(settings, keyGiven, key);
  if (cert !== undefined && certificate === undefined) {
    settings.refuse(certGiven, `${certGiven.label} holds no readable PEM certificate`);
  }
  if (certificate !== undefined && privateKey !== undefined && !certificate.checkPrivateKey(privateKey)) {
    settings.refuse(certGiven, `${certGiven.label} and ${keyGiven.label} do not belong together`);
  }
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

/** The text itself, or that of the file; `undefined` where it cannot be known. */
function readPem(settings: Settings, given: Given | undefined): string | undefined {
  if (given === undefined || typeof given.value !== "string") return undefined;
  return given.name.endsWith("Pem") ? given.value : readTextFile(settings, given);
}

/** The text of the file that a setting names. */
export function readTextFile(settings: Settings, given: Given): string | undefined {
  try {
    return readFileSync(given.value as string, "utf8");
  } catch (error) {
    settings.refuse(given, `${given.label}: ${unreadable(given.value as string, error)}`);
    return undefined;
  }
}

function readFolder(settings: Settings, given: Given): string | undefined {
  if (typeof given.value !== "string") return undefined;
  const folder = given.value;
  try {
    const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => !entry.isDirectory());
    return files.map(({ name }) => readFileSync(join(folder, name), "utf8")).join("\n");
  } catch (error) {
    settings.refuse(given, `${given.label}: ${unreadable(folder, error)}`);
    return undefined;
  }
}

function unreadable(path: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return `${path} does not exist`;
  if (code === "EACCES" || code === "EPERM") return `${path} may not be read by this user`;
  return `${path} cannot be read${code === "" ? "" : ` (${code})`}`;
}

/** The first of the certificates, or `undefined` unless there are some and all of them can be read. */
function parseCertificates(pem: string): X509Certificate | undefined {
  try {
    return (pem.match(CERTIFICATE) ?? []).map((text) => new X509Certificate(text))[0];
  } catch {
    return undefined;
  }
}

function parseKey(settings: Settings, given: Given, pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const encrypted = code === "ERR_MISSING_PASSPHRASE" || pem.includes("ENCRYPTED");
    const reason = encrypted ? "needs a passphrase: give a key without one" : "holds no readable PEM private key";
    settings.refuse(given, `${given.label} ${reason}`);
    return undefined;
  }
}
