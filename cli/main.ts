#!/usr/bin/env node
/** The command `consul-snapshot`. */

import { nameProgramByNpx } from "../provider/program";
import { registerEnvironment, remark } from "../provider/text";
import { runCommandLine } from "./commandLine";
import { Output } from "./terminal/output";

/** A reader that exits early, such as `head`, does not end the work; the exit code is still that of the work. */
async function main(): Promise<void> {
  registerEnvironment(process.env);
  // npm links the command of a folder's package from there. The lines of an agent are read elsewhere.
  if (/[\\/]node_modules[\\/]/.test(process.argv[1] ?? "") && process.argv[2] !== "agent") nameProgramByNpx();
  const output = new Output(process.stdout);
  const errors = new Output(process.stderr);
  const code = await runCommandLine(process.argv.slice(2), { output, errors });
  process.exitCode = code;
  await output.flush();
  const { failure } = output;
  if (failure === undefined || failure.code === "EPIPE") return;
  errors.write(
    remark`standard output cannot be written (${failure.code ?? failure.message})\nCheck where it goes: a full disk, or a closed file.\n`,
  );
  if (code === 0) process.exitCode = 2;
}

void main().finally(endSoon);

/** How long connections and threads that are closing may take. */
const CLOSING_MS = 2_000;

/**
 * A program that a cloud's library has started for credentials (`credential_process`, `az`) and that does not end would keep
 * this process alive after its work is done. The timer itself does not.
 */
function endSoon(): void {
  setTimeout(() => process.exit(), CLOSING_MS).unref();
}
