/** The options of `consul-snapshot restore`, and the request that they make. */

import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { type Connection, resolveConnection } from "../provider/consul/connection";
import { SnapshotError } from "../provider/errors";
import { checkTemplate, parseLocation, parseSource } from "../provider/store/location";
import { parseTime } from "../provider/time";
import { checkRecipients } from "../provider/transfer/encryption";
import { isAllowance, isToken, whyNotAllowance } from "../provider/transfer/load/given";
import type { Allowance, RestoreRequest, SafetySnapshot } from "../provider/transfer/load/request";

export interface RestoreOptions {
  /** Where to save what is there now; `none`: nowhere. */
  readonly safetySnapshot: string;
  /** Encrypt the safety snapshot for these. Default: do not. */
  readonly recipient?: readonly string[];
  /** Only say what would happen. */
  readonly plan?: boolean;
  /** Do not ask. */
  readonly yes?: boolean;
  readonly allow?: readonly string[];
  /** For an encrypted archive. Default: the file that the environment names. */
  readonly identity?: readonly string[];
  /** Default: a new one each time. */
  readonly runId?: string;
  readonly validUntil?: string;
  readonly tokenAfterRestoreFile?: string;
  readonly httpAddr?: string;
  readonly datacenter?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
}

/** @throws SnapshotError `ARGUMENT_INVALID`, `TARGET_INVALID` */
export async function requestOf(source: string, options: RestoreOptions, now: Date): Promise<RestoreRequest> {
  if (source === "-") {
    throw invalid("an archive on standard input cannot be restored", "It is read twice: give a path or a URL.");
  }
  const { runId, validUntil, identity, tokenAfterRestoreFile } = options;
  if (runId?.trim() === "") throw invalid("--run-id is empty", "Leave it out, and this restore gets one of its own.");
  return {
    runId: runId ?? `cli ${now.toISOString()} ${hostname()}`,
    ...(validUntil === undefined ? {} : { validUntil: readValidUntil(validUntil) }),
    source: parseSource(source),
    decryption: { identities: [], identityFiles: identity ?? [] },
    connection: connectionOf(options),
    ...(tokenAfterRestoreFile === undefined ? {} : { tokenAfterRestore: await readToken(tokenAfterRestoreFile) }),
    safetySnapshot: await readSafetySnapshot(options),
    allow: (options.allow ?? []).map(readAllowance),
    organization: "consul-snapshot",
    project: "command",
    stack: hostname(),
    name: "restore",
  };
}

/** These few go before Consul's own environment variables. */
function connectionOf({ httpAddr, datacenter, tokenFile, caFile }: RestoreOptions): Connection {
  return resolveConnection(
    {
      ...(httpAddr === undefined ? {} : { address: httpAddr }),
      ...(datacenter === undefined ? {} : { datacenter }),
      ...(tokenFile === undefined ? {} : { tokenFile }),
      ...(caFile === undefined ? {} : { caFile }),
    },
    { config: () => undefined, env: process.env },
  );
}

function readValidUntil(text: string): Date {
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw invalid(`--valid-until ${text} is not a time with its zone`, 'Write it like "2026-11-24T00:00:00Z".');
}

async function readSafetySnapshot({ safetySnapshot, recipient }: RestoreOptions): Promise<SafetySnapshot | false> {
  if (safetySnapshot === "none") {
    if (recipient === undefined) return false;
    throw invalid("--recipient is for a safety snapshot, and there is none", "Leave it out, or name a target.");
  }
  const target = parseLocation(safetySnapshot);
  checkTemplate(target, undefined);
  if (recipient === undefined) {
    if (!target.key.endsWith(".age")) return { target };
    throw invalid("--safety-snapshot ends in .age, but nothing is encrypted", "Add --recipient, or name it .snap.");
  }
  await checkRecipients(recipient);
  return { target, recipients: recipient };
}

function readAllowance(name: string): Allowance {
  if (isAllowance(name)) return name;
  throw invalid(`--allow: ${whyNotAllowance(name) ?? ""}`, "Name a guard as its refusal does.");
}

async function readToken(file: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(file, "utf8")).trim();
  } catch (error) {
    throw invalid(`--token-after-restore-file ${file} cannot be read`, "Check its path, owner and mode.", error);
  }
  if (isToken(text)) return text;
  throw invalid(`--token-after-restore-file ${file} holds no token`, "It holds one token and nothing else.");
}

function invalid(message: string, hint: string, cause?: unknown): SnapshotError {
  return new SnapshotError("ARGUMENT_INVALID", message, hint, cause);
}
