/**
 * `consul-snapshot restore` as a process. Once the archive is sent, neither a signal nor a lost terminal, pager or pipe ends
 * the process before the answer is known and recorded in the receipt. The exit code is decided here, and nowhere else.
 * `main.ts` watches standard output and standard error for failures.
 */

import { ownEndingSignals, withoutEchoes } from "../../provider/endingSignals";
import { explain } from "../../provider/errors";
import { composed } from "../../provider/text";
import { Output } from "../terminal/output";
import { DONE, NOTHING_DONE, restore, type RestoreOptions, UNSETTLED } from "./restore";

/**
 * @param output - standard output, watched for failures
 * @returns the exit code
 */
export async function restoreInProcess(source: string, options: RestoreOptions, output: Output): Promise<number> {
  const interrupted = new AbortController();
  const giveUp = new AbortController();
  const errors = new Output(process.stderr);
  let isSending = false;

  const stop = withoutEchoes((name) => {
    if (!interrupted.signal.aborted) interrupted.abort(name);
    // Only a person at a terminal sends SIGINT twice; service managers and closed terminals send other signals.
    else if (name === "SIGINT" && isSending) giveUp.abort(name);
    else if (!isSending) process.exit(NOTHING_DONE);
  });
  for (const name of ownEndingSignals()) process.on(name, stop);

  process.on("uncaughtException", (error) => {
    errors.write(composed`${explain(error)}\n`);
    process.exit(isSending ? UNSETTLED : NOTHING_DONE);
  });

  const code = await restore(source, options, {
    input: process.stdin,
    output,
    errors,
    signal: interrupted.signal,
    giveUp: giveUp.signal,
    whenSending: () => (isSending = true),
  });
  if (code !== DONE) return code;
  await output.flush();
  if (output.failure === undefined || output.failure.code === "EPIPE") return DONE;
  // Without --plan the cluster is restored, and only the receipt tells the result.
  return options.plan === true ? NOTHING_DONE : UNSETTLED;
}
