/** `consul-snapshot inspect`: what `consul snapshot inspect` prints, and on demand what only we know. */

import type { ArchiveReport, KvOptions } from "../provider/archive/reader";
import { SnapshotError } from "../provider/errors";
import { fullJson, fullPretty } from "./full";
import { type Inspected, printJson, printPretty } from "./inspection";
import { isRawState, readArchive, readRawState } from "./readArchive";

export interface InspectOptions {
  readonly format: string;
  readonly kvdetails?: boolean;
  readonly kvdepth: string;
  readonly kvfilter: string;
  readonly full?: boolean;
  /** For an encrypted archive. Default: the file that the environment names. */
  readonly identity?: readonly string[];
}

/** More than fits a screen, and little enough for the memory. */
const MAX_PREFIXES = 200_000;

/**
 * @returns what to print
 * @throws SnapshotError where `consul snapshot inspect` fails too
 */
export async function inspect(name: string, options: InspectOptions): Promise<Buffer> {
  const kv = kvOptions(options);
  if (options.format !== "pretty" && options.format !== "json") {
    throw new SnapshotError("ARGUMENT_INVALID", `there is no format ${options.format}`, "Use pretty or json.");
  }
  if (isRawState(name)) {
    if (options.full === true) {
      throw new SnapshotError("ARGUMENT_INVALID", "--full is for archives", "Leave it out for a state.bin.");
    }
    return print(await readRawState(name, kv), options);
  }
  return print(await readArchive(name, options.identity, kv), options);
}

function print(read: Inspected | ArchiveReport, { format, full }: InspectOptions): Buffer {
  checkState(read);
  const archive = full === true && "sha256" in read ? read : undefined;
  if (format === "json") return Buffer.from(`${printJson(read, archive && fullJson(archive))}\n`);
  const parts = [printPretty(read), ...(archive === undefined ? [] : [fullPretty(archive)])];
  return Buffer.concat(parts.flatMap((part) => [part, Buffer.from("\n")]));
}

function checkState({ state }: Inspected): void {
  const problem = state.undecodable ?? (state.kv === undefined ? undefined : state.keyless);
  if (problem === undefined) return;
  throw new SnapshotError(
    "STATE_UNDECODABLE",
    `state.bin cannot be decoded at byte ${problem.offset}: ${problem.message}`,
    "Do not restore this archive: a Consul server that tried would die.",
  );
}

function kvOptions(options: InspectOptions): KvOptions | undefined {
  if (!/^\d+$/.test(options.kvdepth)) {
    throw new SnapshotError("ARGUMENT_INVALID", `--kvdepth ${options.kvdepth} is not a number of segments`, "Use 2.");
  }
  if (options.kvdetails !== true) return undefined;
  return { depth: Number(options.kvdepth), filter: options.kvfilter, maxPrefixes: MAX_PREFIXES };
}
