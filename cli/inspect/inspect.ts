/** `consul-snapshot inspect`: prints what `consul snapshot inspect` prints, and with `--full` all that we know. */

import { compact } from "../../provider/compact";
import type { ArchiveReport, KvOptions } from "../../provider/archive/reader";
import { requireDecodable } from "../../provider/archive/decodable";
import { nameIn1_14 } from "../../provider/archive/recordTypeLookup";
import { fullJson, fullPretty } from "./fullReport";
import { type Inspected, printJson, printPretty } from "../consulOutput/inspection";
import { printable } from "../consulOutput/printable";
import type { OptionValues } from "../description/option";
import { usageError } from "../description/usageError";
import { writeToOutput } from "../source/sink";
import { escapeJson } from "../../provider/text";
import type { Output } from "../terminal/output";
import type { inspectOptions } from "./options";
import { decryptionOf, isRawState, readArchive, readRawState } from "../source/readArchive";

export type InspectOptions = OptionValues<typeof inspectOptions>;

/** Maximum number of prefixes, to limit memory. */
const MAX_PREFIXES = 200_000;

/** Size of one write to standard output, in bytes. */
const PIECE = 64 * 1024;

function* piecesOf(text: Buffer): Generator<Buffer> {
  for (let at = 0; at < text.length; at += PIECE) yield text.subarray(at, at + PIECE);
}

/** Prints the inspection, no faster than the output is read. */
export async function printInspection(name: string, options: InspectOptions, output: Output): Promise<void> {
  const text = await inspect(name, options);
  await writeToOutput(piecesOf(text), output);
}

/**
 * @param isExact - print what Consul 1.13 and 1.14 print, byte for byte: raw keys, even if they control a terminal, and no names of
 *   later types. Default: false
 * @returns what to print
 * @throws SnapshotError if `consul snapshot inspect` also fails
 */
export async function inspect(name: string, options: InspectOptions, isExact = false): Promise<Buffer> {
  const kv = kvOptions(options);
  if (isRawState(name)) {
    if (options.full === true) {
      throw usageError("--full is for archives", "Omit --full for a state.bin.");
    }
    return print(await readRawState(name, kv), options, isExact);
  }
  // Consul's inspect prints the state's size from meta.json without checking it; --full says whether it is right.
  const read = await readArchive(name, await decryptionOf(options.identity), compact({ kv, acceptStateSize: true }));
  return print(read, options, isExact);
}

async function print(read: Inspected | ArchiveReport, options: InspectOptions, isExact: boolean): Promise<Buffer> {
  requireDecodable(read.state);
  const archive = options.full === true && "sha256" in read ? read : undefined;
  const lineEnd = Buffer.from("\n");
  if (options.format === "json") {
    const more = archive && fullJson(archive);
    const json = isExact ? printJson(read, more, undefined, nameIn1_14) : printJson(read, more, escapeJson);
    return Buffer.concat([await json, lineEnd]);
  }
  const pretty = isExact ? printPretty(read, (bytes) => bytes, nameIn1_14) : printPretty(read, printable);
  const full = archive === undefined ? [] : [await fullPretty(archive), lineEnd];
  return Buffer.concat([await pretty, lineEnd, ...full]);
}

function kvOptions(options: InspectOptions): KvOptions | undefined {
  if (!/^\d+$/.test(options.kvdepth)) {
    throw usageError(`--kvdepth ${options.kvdepth} is not a number of segments`, "Use --kvdepth 2.");
  }
  if (options.kvdetails !== true) return undefined;
  return { depth: Number(options.kvdepth), filter: options.kvfilter, maxPrefixes: MAX_PREFIXES };
}
