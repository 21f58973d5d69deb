/** The request that the options of `consul-snapshot restore` make. */

import { hostname } from "node:os";
import { SnapshotError } from "../../provider/errors";
import { parseLocation, parseSource } from "../../provider/store/location";
import { checkTemplate } from "../../provider/store/nameTemplate";
import { parseTime } from "../../provider/args/time";
import { checkRecipients } from "../../provider/age/recipients";
import { type Allowance, allowanceProblem, isAllowance } from "../../provider/restore/guards";
import type { RestoreRequest, SafetySnapshot } from "../../provider/restore/request";
import { plainRunId, runIdProblem } from "../../provider/restore/runId";
import { isServerId } from "../../provider/serverId";
import { parseSha256 } from "../../provider/restore/sha256";
import { isToken } from "../../provider/restore/token";
import { shellWord } from "../../provider/shellWord";
import { commandVocabulary } from "../options/vocabulary";
import { connectionOf } from "../source/connection";
import { checkPlainName } from "../source/plainName";
import { helpHint, usageError } from "../description/usageError";
import { type RestoreOptions, restoreOptions } from "./options";
import { readSpecifiedFile } from "../../provider/specifiedFile";
import { unreadable } from "../../provider/systemCode";

/** @throws SnapshotError `ARGUMENT_INVALID`, `TARGET_INVALID` */
export async function requestOf(source: string, options: RestoreOptions, now: Date): Promise<RestoreRequest> {
  if (source === "-") {
    throw invalid("an archive on standard input cannot be restored", "It is read twice: use a path or a URL.");
  }
  const { runId, validUntil, identity, tokenAfterRestoreFile } = options;
  const problem = runId === undefined ? undefined : runIdProblem(runId);
  if (problem !== undefined) throw invalid(`--run-id: ${problem}`, runIdHelp(runId ?? ""));
  return {
    runId: runId ?? `cli ${now.toISOString()} ${hostname()}`,
    ...(validUntil === undefined ? {} : { validUntil: readValidUntil(validUntil) }),
    source: parseSource(source),
    decryption: { identities: [], identityFiles: identity ?? [], vocabulary: commandVocabulary(restoreOptions) },
    connection: connectionOf(options, restoreOptions),
    ...(tokenAfterRestoreFile === undefined ? {} : { tokenAfterRestore: await readToken(tokenAfterRestoreFile) }),
    safetySnapshot: await readSafetySnapshot(options),
    ...(options.sha256 === undefined ? {} : { sha256: readSha256(options.sha256) }),
    ...(options.cluster === undefined ? {} : { cluster: readServerId(options.cluster) }),
    ...(options.strict === true ? { strict: true } : {}),
    allow: (options.allow ?? []).map(readAllowance),
    owner: { organization: "consul-snapshot", project: "command", stack: hostname(), name: "restore" },
  };
}

function readSha256(text: string): string {
  const sha256 = parseSha256(text);
  if (sha256 !== undefined) return sha256;
  throw invalid("--sha256 is not a SHA-256", "It has 64 hexadecimal digits; inspect --full prints that of an archive.");
}

function readServerId(text: string): string {
  if (isServerId(text)) return text;
  throw invalid(
    "--cluster is not the Raft id of a server",
    "restore --plan prints it, and so does `consul operator raft list-peers`.",
  );
}

function readValidUntil(text: string): Date {
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw invalid(`--valid-until ${text} is not a time with its zone`, 'Write it like "2026-11-24T00:00:00Z".');
}

async function readSafetySnapshot({
  safetySnapshot,
  recipient,
  plan,
}: RestoreOptions): Promise<SafetySnapshot | "undecided" | false> {
  if (safetySnapshot === undefined) {
    if (plan === true && recipient === undefined) return "undecided";
    const { value, doc } = restoreOptions.safetySnapshot;
    throw usageError(`required option --safety-snapshot ${value} is missing: ${doc}`, helpHint({ name: "restore" }));
  }
  if (safetySnapshot === "none") {
    if (recipient === undefined) return false;
    throw invalid(
      "--recipient is for a safety snapshot, and there is none",
      "Omit --recipient, or use a target for the safety snapshot.",
    );
  }
  const target = parseLocation(safetySnapshot);
  checkTemplate(target, false);
  checkPlainName("--safety-snapshot", target, recipient);
  if (recipient === undefined) return { target };
  await checkRecipients(recipient);
  return { target, recipients: recipient };
}

function readAllowance(name: string): Allowance {
  if (isAllowance(name)) return name;
  throw invalid(`--allow: ${allowanceProblem(name) ?? ""}`, "Name a guard as its refusal does.");
}

async function readToken(file: string): Promise<string> {
  let text: string;
  try {
    text = (await readSpecifiedFile(file)).toString().trim();
  } catch (error) {
    const why = unreadable(file, error);
    throw invalid(`--token-after-restore-file: ${why}`, "Check its path, owner and mode.", error);
  }
  if (isToken(text)) return text;
  throw invalid(`--token-after-restore-file ${file} contains no token`, "It must contain one token and nothing else.");
}

function runIdHelp(runId: string): string {
  const plain = plainRunId(runId);
  return plain === ""
    ? "Omit --run-id: this restore then gets an id of its own."
    : `Write --run-id ${shellWord(plain)}. It is the id of another run: if an earlier version began a restore with the former id, read its receipt first.`;
}

function invalid(message: string, hint: string, cause?: unknown): SnapshotError {
  return new SnapshotError("ARGUMENT_INVALID", message, hint, cause);
}
