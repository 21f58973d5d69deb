/**
 * `consul-snapshot restore`: replaces the whole state of a cluster with that of an archive, after a person has typed the
 * datacenter's name, or with `--yes`.
 */

import { compact } from "../../provider/compact";
import { errorData } from "../../provider/errorData";
import { explain, isCode, SnapshotError } from "../../provider/errors";
import { adopt } from "../../provider/restore/adoption";
import { execute } from "../../provider/restore/execute";
import { NothingRestored } from "../../provider/restore/guards";
import { type Preparation, prepare } from "../../provider/restore/prepare";
import { planData } from "../../provider/restore/planData";
import type { Receipt } from "../../provider/restore/receipt";
import { type Restored, Unsettled } from "../../provider/restore/request";
import { type Session, withSession } from "../../provider/restore/session";
import { withStore } from "../../provider/store/backends";
import type { Location } from "../../provider/store/location";
import { requireArchive } from "../source/source";
import { jsonText } from "../terminal/json";
import type { Output } from "../terminal/output";
import { type Progress, progressOn } from "../terminal/progress";
import { cleanMessage, type CleanLines, composed, sentence } from "../../provider/text";
import { shown } from "../terminal/rows";
import { plannedCommand, readBackCommand } from "./commandLine";
import { confirm, isTerminal, type Questioning, requireDatacenterName, withoutTerminal } from "./confirmation";
import { resultJson, unsettledJson } from "./json";
import type { RestoreOptions } from "./options";
import { describePlan } from "./plan";
import { printPlanDifferences } from "./planDifferences";
import { requestOf } from "./request";
import { describeResult, describeUnsettled } from "./result";

export type { RestoreOptions } from "./options";

/** `errors` shows progress, questions and failures; `signal` aborts when the command is interrupted. */
export interface Terminal extends Questioning {
  readonly output: Output;
  /** Aborts when a person does not want to wait for Consul's answer either. Default: never. */
  readonly giveUp?: AbortSignal;
  /** Called when the archive is about to be sent. */
  readonly whenSending?: () => void;
}

/** Restored and proved, or, with `--plan`, would be restored. */
export const DONE = 0;
/** Refused or failed before anything in the cluster was changed. */
export const NOTHING_DONE = 1;
/** Begun, and not proved: the cluster may be changed. */
export const UNSETTLED = 2;

type Prepared = Preparation | { readonly earlier: Receipt };

/** @returns the exit code */
export async function restore(source: string, options: RestoreOptions, terminal: Terminal): Promise<number> {
  const { output } = terminal;
  const progress = progressOn(terminal.errors, terminal.signal);
  const isJson = options.format === "json";
  const printJson = (value: object): void => {
    if (isJson) output.write(jsonText(value));
  };
  const stopping = (): void => progress.line(sentence`interrupted: stopping; interrupt again to end at once`);
  const whenSending = (): void => {
    terminal.signal.removeEventListener("abort", stopping);
    terminal.whenSending?.();
  };
  terminal.signal.addEventListener("abort", stopping);
  try {
    const request = await requestOf(source, options, new Date());
    const { runId } = request;
    const isPlan = options.plan === true;
    if (options.diff === true && !isPlan) throw diffWithoutPlan();
    const isAsking = options.yes !== true && !isPlan;
    if (isAsking && !isTerminal(terminal)) {
      await requireSource(request.source, terminal.signal);
      throw withoutTerminal();
    }
    const { giveUp } = terminal;
    const announce = (): void => progress.line(composed`run id: ${shown(runId)}`);
    if (options.yes === true && !isPlan) announce();
    return await withSession(request, progress, compact({ giveUp, whenSending }), async (session) => {
      const prepared = await prepare(session, { readState: isAsking || isPlan, saveState: !isAsking && !isPlan });
      if (!("earlier" in prepared)) requireDatacenterName(prepared.cluster);
      if (isPlan) {
        const wouldRestore = !("earlier" in prepared) && prepared.refusal === undefined;
        const isComparing = options.diff === true && wouldRestore;
        const next =
          "earlier" in prepared || !wouldRestore ? undefined : plannedCommand(source, options, prepared.cluster);
        const plan = isJson ? planData(prepared, runId) : undefined;
        progress.end();
        if (plan === undefined) output.write(composed`${describePlan(prepared, new Date())}\n`);
        else if (!isComparing) output.write(jsonText(plan));
        if (isComparing) await printPlanDifferences(session, prepared.cluster, plan, output, progress);
        if (plan === undefined && next !== undefined)
          output.write(composed`\nTo restore this cluster, and no other:\n  ${cleanMessage(next)}\n`);
        return wouldRestore ? DONE : NOTHING_DONE;
      }
      if (isAsking) {
        await ask(prepared, progress, terminal);
        announce();
      }
      const restored = await carryOut(prepared, session);
      progress.end();
      const guards = "earlier" in prepared ? undefined : prepared.guards;
      output.write(
        isJson ? jsonText(resultJson(restored, runId, guards)) : composed`${describeResult(restored, runId)}\n`,
      );
      return restored.outcome === "unproved" ? UNSETTLED : DONE;
    });
  } catch (error) {
    if (error instanceof Unsettled) {
      const again = (runId: string): string => readBackCommand(source, options, options.runId ?? runId);
      progress.line(describeUnsettled(error, again));
      printJson(unsettledJson(error, again(error.attempt.runId)));
      // A plan sends nothing, and a run that has begun does not send the archive again.
      return options.plan === true ? NOTHING_DONE : UNSETTLED;
    }
    progress.line(explainUntouched(error));
    printJson({ error: errorData(error) });
    return NOTHING_DONE;
  } finally {
    terminal.signal.removeEventListener("abort", stopping);
  }
}

/** @throws SnapshotError `STORE_*` where there is no such archive */
async function requireSource(source: Location, signal: AbortSignal): Promise<void> {
  await withStore(source, (store) => requireArchive(store, source, signal));
}

function diffWithoutPlan(): SnapshotError {
  return new SnapshotError(
    "ARGUMENT_INVALID",
    "--diff belongs to --plan",
    "Add --plan to see what would change, or omit --diff to restore.",
  );
}

function carryOut(prepared: Prepared, session: Session): Promise<Restored> {
  return "earlier" in prepared ? adopt(prepared.earlier, session) : execute(prepared, session);
}

/** @throws SnapshotError unless a person has read the plan and typed the datacenter's name */
async function ask(prepared: Prepared, progress: Progress, terminal: Terminal): Promise<void> {
  progress.line(describePlan(prepared, new Date()));
  // A run that has begun before is only read back.
  if ("earlier" in prepared) return;
  if (prepared.refusal !== undefined) throw prepared.refusal;
  await confirm(prepared.cluster, terminal);
}

/** A failure of a run that has sent nothing to Consul. */
function explainUntouched(error: unknown): CleanLines {
  if (!(error instanceof SnapshotError)) return explain(error);
  if (isCode(error, "INTERRUPTED")) {
    return composed`interrupted: nothing was restored (INTERRUPTED)\nThe cluster is as it was.`;
  }
  return error instanceof NothingRestored ? explain(error) : composed`${explain(error)}\nNothing was restored.`;
}
