/** Locates the program of a reader's thread. */

import { extname, join } from "node:path";
import type { WorkerOptions } from "node:worker_threads";
import { embeddedText, isSingleExecutable } from "../../singleExecutable";

/** The name of the program in a single executable. */
const EMBEDDED = "readerWorker.js";

export interface WorkerCode {
  /** The path of a file; with `eval`, the code of the program itself. */
  readonly program: string;
  readonly options: WorkerOptions;
}

/** The program, and options that keep this process's own preloaded modules and flags out of the thread. */
export function workerCode(): WorkerCode {
  if (isSingleExecutable) return { program: embeddedText(EMBEDDED), options: { eval: true, execArgv: [] } };
  const extension = extname(__filename);
  const program = join(__dirname, `readerWorker${extension}`);
  // A TypeScript source needs this process's loader in the thread, too.
  return { program, options: extension === ".ts" ? {} : { execArgv: [] } };
}
