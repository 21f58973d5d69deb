/**
 * `consul-snapshot restore`: all state of a cluster is replaced by that of an archive, when a person has typed the
 * datacenter's name, or `--yes` speaks for one.
 */

import { createInterface } from "node:readline/promises";
import type { Readable } from "node:stream";
import { explain, SnapshotError } from "../provider/errors";
import {
  adopt,
  NothingRestored,
  type Outlook,
  plan,
  type Receipt,
  restore as carryOut,
  type RestoreRequest,
  Unsettled,
} from "../provider/transfer/load/load";
import { type Output, type Progress, progressOn } from "./progress";
import { againCommand } from "./restoreAgain";
import { describePlan } from "./restorePlan";
import { requestOf, type RestoreOptions } from "./restoreRequest";
import { describeResult, describeUnsettled } from "./restoreResult";

export type { RestoreOptions } from "./restoreRequest";

export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Output;
  /** Progress, questions and failures. */
  readonly errors: Output;
  /** Aborts when a person interrupts. */
  readonly signal: AbortSignal;
}

/** Restored and proved, or, with `--plan`, would be restored. */
export const DONE = 0;
/** Refused or failed before anything of the cluster was changed. */
export const NOTHING_DONE = 1;
/** Begun, and not proved: the cluster may be changed. */
export const UNSETTLED = 2;

/** @returns the exit code */
export async function restore(source: string, options: RestoreOptions, terminal: Terminal): Promise<number> {
  const progress = progressOn(terminal.errors, terminal.signal);
  const stopping = (): void => progress.line("stopping in good order; interrupt again to end at once");
  terminal.signal.addEventListener("abort", stopping);
  try {
    const request = await requestOf(source, options, new Date());
    if (options.plan === true) return await show(request, progress, terminal);
    const agreed = options.yes === true ? request : await ask(request, progress, terminal);
    progress.line(`run id: ${request.runId}`);
    const restored =
      "earlier" in agreed ? await adopt(agreed.earlier, request, progress) : await carryOut(agreed, progress);
    progress.end();
    terminal.output.write(`${describeResult(restored, request.runId)}\n`);
    return DONE;
  } catch (error) {
    if (error instanceof Unsettled) {
      progress.line(describeUnsettled(error, againCommand(source, options, error.attempt.runId)));
      return UNSETTLED;
    }
    progress.line(explainUntouched(error));
    return NOTHING_DONE;
  } finally {
    terminal.signal.removeEventListener("abort", stopping);
  }
}

async function show(request: RestoreRequest, progress: Progress, { output }: Terminal): Promise<number> {
  const found = await plan(request, progress);
  progress.end();
  output.write(`${describePlan(found, new Date())}\n`);
  return "earlier" in found || found.refusal !== undefined ? NOTHING_DONE : DONE;
}

/**
 * @returns the request for the very archive that the plan told of, or the run that has begun before
 * @throws SnapshotError unless a person has read the plan and typed the datacenter's name
 */
async function ask(
  request: RestoreRequest,
  progress: Progress,
  terminal: Terminal,
): Promise<RestoreRequest | { readonly earlier: Receipt }> {
  if (terminal.input.isTTY !== true) {
    throw new SnapshotError(
      "ARGUMENT_INVALID",
      "somebody has to type the datacenter's name, and there is no terminal",
      "--yes restores without asking; --plan only says what would happen.",
    );
  }
  const found = await plan(request, progress);
  progress.line(describePlan(found, new Date()));
  // A run that has begun before is only read back, also if its receipt goes away meanwhile.
  if ("earlier" in found) return found;
  if (found.refusal !== undefined) throw found.refusal;
  await confirm(found, terminal);
  return { ...request, sha256: found.archive.sha256 };
}

async function confirm({ cluster }: Outlook, { input, errors, signal }: Terminal): Promise<void> {
  const [what, name] =
    cluster.datacenter === undefined
      ? ["the cluster's address", cluster.address]
      : ["the name of the datacenter", cluster.datacenter];
  const question = `\nType ${what} whose state is to be replaced: `;
  if ((await answer(question, input, errors, signal)).trim() === name) return;
  throw new NothingRestored("RESTORE_REFUSED", `that is not ${name}`, "Run it again if it is meant.");
}

/** A line that a person types; an empty one where input ends instead. */
async function answer(question: string, input: Readable, output: Output, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input, output, terminal: false });
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  try {
    return await Promise.race([lines.question(question, { signal }), ended]);
  } catch (error) {
    throw new SnapshotError("INTERRUPTED", "interrupted", "Run it again.", error);
  } finally {
    lines.close();
  }
}

/** A failure of a run that has sent nothing to Consul. */
function explainUntouched(error: unknown): string {
  if (!(error instanceof SnapshotError)) return explain(error);
  if (error.code === "INTERRUPTED") return "interrupted: nothing was restored (INTERRUPTED)\nThe cluster is as it was.";
  return error instanceof NothingRestored ? explain(error) : `${explain(error)}\nNothing was restored.`;
}
