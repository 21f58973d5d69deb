/** The certificates and keys of a connection, read and checked before anything is sent. */

import { X509Certificate } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { compact } from "../compact";
import { certificateProblem, certificatesIn, parseKey } from "../pem";
import { systemCode, unreadable } from "../systemCode";
import { RIVALS, type Setting, type Settings } from "./settingsLookup";
import { readSpecifiedFileSync } from "../specifiedFile";

/** The TLS settings of a connection; certificates and keys are PEM. */
export interface Tls {
  /** The trusted authorities. Default: those of Node.js. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The expected name in the server's certificate. Default: the host. */
  readonly serverName?: string;
  /** Accept any certificate. */
  readonly insecure: boolean;
}

/** The settings of both halves of a client certificate. */
const { certificate: CERT, key: KEY } = RIVALS;

/** Reads the files that the settings specify; problems are added to those of the settings. */
export function readTls(settings: Settings): Tls {
  const ca = readAuthorities(settings);
  const pair = readPair(settings);
  const serverName = settings.text("tlsServerName");
  return compact({
    ca,
    ...pair,
    serverName,
    insecure: settings.find("insecureHttps")?.value === true,
  });
}

function readAuthorities(settings: Settings): string | undefined {
  const setting = settings.findOne(...RIVALS.authorities);
  if (setting?.name === "caPath") return readFolder(settings, setting);
  const bytes = readBytes(settings, setting);
  if (setting === undefined || bytes === undefined) return undefined;
  const problem = certificateProblem(bytes);
  if (problem !== undefined) settings.refuse(setting, `${setting.label} ${problem}`);
  return bytes.toString();
}

/** The client's certificate and key; `undefined` if either is missing. */
function readPair(settings: Settings): { cert: string; key: string } | undefined {
  const certSetting = settings.findOne(...CERT);
  const keySetting = settings.findOne(...KEY);
  if (certSetting === undefined || keySetting === undefined) {
    const half = certSetting ?? keySetting;
    const missing = settings.alternatives(...(certSetting === undefined ? CERT : KEY));
    if (half !== undefined) {
      settings.refuse(half, `${half.label} is half of a client certificate: specify ${missing} too`);
    }
    return undefined;
  }
  const cert = readBytes(settings, certSetting);
  const key = readBytes(settings, keySetting);
  const certProblem = cert && certificateProblem(cert);
  if (certProblem !== undefined) settings.refuse(certSetting, `${certSetting.label} ${certProblem}`);
  const privateKey = key && parseKey(key);
  if (typeof privateKey === "string") settings.refuse(keySetting, `${keySetting.label} ${privateKey}`);
  if (cert === undefined || key === undefined) return undefined;
  const certificate = certProblem === undefined ? new X509Certificate(certificatesIn(cert)[0] ?? cert) : undefined;
  if (certificate && typeof privateKey === "object" && !certificate.checkPrivateKey(privateKey)) {
    settings.refuse(certSetting, `${certSetting.label} and ${keySetting.label} do not belong together`);
  }
  return { cert: cert.toString(), key: key.toString() };
}

/** The bytes of the inline text or of the file; `undefined` if they are not available. */
function readBytes(settings: Settings, setting: Setting | undefined): Buffer | undefined {
  if (setting === undefined || typeof setting.value !== "string") return undefined;
  return setting.name.endsWith("Pem") ? Buffer.from(setting.value) : readFile(settings, setting);
}

/** The text of the file that a setting specifies. */
export function readTextFile(settings: Settings, setting: Setting): string | undefined {
  return readFile(settings, setting)?.toString();
}

function readFile(settings: Settings, setting: Setting): Buffer | undefined {
  try {
    return readSpecifiedFileSync(setting.value as string);
  } catch (error) {
    const isFolder = setting.name === "caFile" && systemCode(error) === "EISDIR";
    const path = setting.value as string;
    settings.refuse(
      setting,
      `${setting.label}: ${isFolder ? `${path} is a folder: use ${settings.alternatives("caPath")}` : unreadable(path, error)}`,
    );
    return undefined;
  }
}

/** Problems that are ignored in folders, which may also contain keys or a README. */
const IN_FOLDERS: ReadonlySet<string> = new Set([
  "is empty",
  "holds no readable PEM certificate",
  "holds a private key, not a certificate",
  "holds a certificate request, not a certificate",
]);

/**
 * All certificates of a folder, as a Kubernetes volume or `/etc/ssl/certs` has them: links are followed; folders
 * (`..data`), broken links and files without a certificate are skipped. An unreadable certificate is a problem: without
 * it, connections would fail later for no visible reason.
 */
function readFolder(settings: Settings, setting: Setting): string | undefined {
  if (typeof setting.value !== "string") return undefined;
  const folder = setting.value;
  const problems: string[] = [];
  const found: string[] = [];
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch (error) {
    const isFile = systemCode(error) === "ENOTDIR";
    const reason = isFile
      ? `${folder} is a file, not a folder: use ${settings.alternatives("caFile")}`
      : unreadable(folder, error);
    settings.refuse(setting, `${setting.label}: ${reason}`);
    return undefined;
  }
  for (const name of names) {
    const path = join(folder, name);
    try {
      if (!statSync(path).isFile()) continue;
      const bytes = readSpecifiedFileSync(path);
      const problem = certificateProblem(bytes);
      if (problem === undefined) found.push(bytes.toString());
      else if (!IN_FOLDERS.has(problem)) problems.push(`${path} ${problem}`);
    } catch (error) {
      // ENOENT means a broken link.
      if (systemCode(error) !== "ENOENT") problems.push(unreadable(path, error));
    }
  }
  if (found.length === 0 && problems.length === 0) problems.push(`no file in ${folder} holds a PEM certificate`);
  const [first] = problems;
  if (first !== undefined) settings.refuse(setting, `${setting.label}: ${first}`);
  return found.join("\n");
}
