/** A line of the command in this process, for tests that need no process of its own. */

import { PassThrough } from "node:stream";
import { runCommandLine } from "../../../cli/commandLine";
import { Output } from "../../../cli/terminal/output";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** In bytes, before somebody reads it. */
const MOST_PRINTED = 16 * 1024 * 1024;

/** @param isTerminal - whether standard error is one. Default: false */
export async function runHere(args: readonly string[], { isTerminal = false } = {}): Promise<Ran> {
  const [out, err] = [new PassThrough({ highWaterMark: MOST_PRINTED }), new PassThrough()];
  const errors = new Output(Object.assign(err, { isTTY: isTerminal }));
  const code = await runCommandLine(args, { output: new Output(out), errors });
  return { code, out: String(out.read() ?? ""), err: String(err.read() ?? "") };
}
