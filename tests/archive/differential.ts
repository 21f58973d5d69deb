/** The same file given to the real `consul snapshot inspect` and to this project's, and what each of them says. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "../../cli/inspect/inspect";
import { SnapshotError } from "../../provider/errors";
import { mutant, type Seed } from "../fixtures/mutants";
import { Random } from "../fixtures/random";
import { consulBinary, type ConsulName, DEFAULT_CONSUL } from "../support/consul/consul";

export interface Flags {
  readonly format: "pretty" | "json";
  readonly kvdetails: boolean;
  readonly kvdepth: number;
  readonly kvfilter: string;
}

/** What one of the two says: what it prints, or at which step it fails. */
export type Answer =
  | { readonly kind: "printed"; readonly output: Buffer }
  | { readonly kind: "not valid" | "undecodable" | "limit"; readonly reason: string };

export interface Tally {
  readonly mutants: number;
  /** How often each answer came. */
  readonly answers: ReadonlyMap<string, number>;
  /** Archives that only a limit of ours refuses. */
  readonly limits: readonly string[];
  /** Archives with a write under way in them, which servers restore and Consul's own inspect cannot decode. */
  readonly chunks: readonly string[];
  readonly differences: readonly string[];
}

export function randomFlags(random: Random): Flags {
  return {
    format: random.pick(["pretty", "json"]),
    kvdetails: random.chance(0.6),
    kvdepth: random.pick([2, 2, 1, 3, 0, 9]),
    kvfilter: random.pick(["", "", "", "a", "fill/", "é"]),
  };
}

/**
 * Consul makes room for as many entries as a map says that it has, which may be four thousand million: it must end at
 * a limit of its own, and not at that of the machine.
 */
const LIMITED = 'ulimit -v 3000000 2>/dev/null; exec "$0" "$@"';

/** Asks the real command. */
export function askConsul(file: string, flags: Flags, binary: ConsulName = DEFAULT_CONSUL): Promise<Answer> {
  const args = ["snapshot", "inspect", `-format=${flags.format}`, `-kvdepth=${flags.kvdepth}`];
  if (flags.kvdetails) args.push("-kvdetails");
  if (flags.kvfilter !== "") args.push(`-kvfilter=${flags.kvfilter}`);
  return new Promise((resolve, reject) => {
    const options = { encoding: "buffer", maxBuffer: 64 * 1024 * 1024, timeout: 60_000 } as const;
    execFile("sh", ["-c", LIMITED, consulBinary(binary), ...args, file], options, (error, stdout, stderr) => {
      const reason = stderr.toString().trim().slice(0, 300);
      if (error === null) resolve({ kind: "printed", output: stdout });
      else if (/^Error reading snapshot/m.test(reason)) resolve({ kind: "not valid", reason });
      else if (/^(Error extracting snapshot data|panic:|runtime:|fatal error:)/m.test(reason))
        resolve({ kind: "undecodable", reason });
      else reject(new Error(`consul snapshot inspect said: ${reason || error.message}`));
    });
  });
}

/** Asks ours, for the bytes that Consul prints. */
export async function askOurs(file: string, flags: Flags): Promise<Answer> {
  try {
    return { kind: "printed", output: await inspect(file, { ...flags, kvdepth: String(flags.kvdepth) }, true) };
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    const reason = `${error.message} (${error.code})`;
    if (error.code === "ARCHIVE_TOO_LARGE") return { kind: "limit", reason };
    return { kind: error.code.startsWith("ARCHIVE_") ? "not valid" : "undecodable", reason };
  }
}

/** Compares as many mutants of a seed of chance; several commands run at a time. */
export async function compare(options: {
  readonly seed: number;
  readonly mutants: number;
  readonly seeds: readonly Seed[];
  readonly atOnce?: number;
  /** Told of each difference, and where its file is kept. */
  readonly keep?: (difference: string, bytes: Buffer) => void;
  readonly progress?: (done: number) => void;
}): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), "differential-"));
  const answers = new Map<string, number>();
  const limits: string[] = [];
  const chunks: string[] = [];
  const differences: string[] = [];
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < options.mutants; index = next++) {
      // Each mutant has a seed of its own, so that one can be made again without all before it.
      const random = new Random(options.seed + index);
      const { layer, bytes } = mutant(random, options.seeds);
      const flags = randomFlags(random);
      const file = join(folder, `${index}.snap`);
      await writeFile(file, bytes);
      const [theirs, ours] = await Promise.all([askConsul(file, flags), askOurs(file, flags)]);
      await rm(file);
      const what = `mutant ${options.seed + index} (${layer}, ${JSON.stringify(flags)})`;
      answers.set(`${layer}: ${ours.kind}`, (answers.get(`${layer}: ${ours.kind}`) ?? 0) + 1);
      if (ours.kind === "limit") limits.push(`${what}: ${ours.reason}`);
      else if (ours.kind === "printed" && theirs.kind === "undecodable" && theirs.reason.includes("ChunkingState"))
        chunks.push(what);
      else if (!same(theirs, ours)) {
        const difference = `${what}\n  Consul: ${shown(theirs)}\n  ours:   ${shown(ours)}`;
        differences.push(difference);
        options.keep?.(difference, bytes);
      }
      options.progress?.(++done);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.atOnce ?? 3 }, work));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { mutants: options.mutants, answers, limits, chunks, differences };
}

function same(theirs: Answer, ours: Answer): boolean {
  if (theirs.kind !== "printed" || ours.kind !== "printed") return theirs.kind === ours.kind;
  return theirs.output.equals(ours.output);
}

function shown(answer: Answer): string {
  return answer.kind === "printed"
    ? `printed ${JSON.stringify(answer.output.toString())}`
    : `${answer.kind}: ${answer.reason}`;
}
