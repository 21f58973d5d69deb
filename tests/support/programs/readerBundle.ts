/** The program of a reader's thread as one string, as a bundle of this package would have it. */

import { buildSync } from "esbuild";
import type { WorkerCode } from "../../../provider/archive/thread/workerCode";

let program: string | undefined;

export function bundledWorker(): WorkerCode {
  program ??= buildSync({
    entryPoints: ["provider/archive/thread/readerWorker.ts"],
    bundle: true,
    platform: "node",
    target: "node20",
    write: false,
  }).outputFiles[0]?.text;
  return { program: program ?? "", options: { eval: true, execArgv: [] } };
}
