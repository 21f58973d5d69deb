#!/usr/bin/env node
/** The command `consul-snapshot`. */

import { registerEnvironment, remark } from "../provider/text";
import { runCommandLine } from "./commandLine";
import { Output } from "./terminal/output";

/** A reader that exits early, such as `head`, does not end the work; the exit code is still that of the work. */
async function main(): Promise<void> {
  registerEnvironment(process.env);
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

void main();
