/** What a restore would do: the result of `consul-snapshot restore --plan --format json`. */

import { hostname } from "node:os";
import { RESTORE_VOCABULARY } from "../args/vocabulary";
import { compact } from "../compact";
import { resolveConnection } from "../consul/connection";
import type { Context, Problem, Values } from "../lifecycle";
import { ownerOf, sourcesOf } from "../resources/commonArgs";
import { checkKeys, checkValues, readArgs } from "../resources/restore/args";
import { planData } from "../restore/planData";
import { prepare } from "../restore/prepare";
import { type RestoreRequest, Unsettled } from "../restore/request";
import { withSession } from "../restore/session";
import { holdsUnknown } from "../values";
import type { Work } from "./work";

export const planRestore: Work = {
  check: async (inputs, context) => {
    const problems: readonly Problem[] = checkValues(inputs, sourcesOf(context, RESTORE_VOCABULARY));
    return problems.length > 0 || holdsUnknown(inputs) ? problems : checkKeys(inputs);
  },
  async run(inputs, context) {
    const request = requestOf(inputs, context, new Date());
    try {
      return await withSession(request, context, {}, async (session) =>
        planData(await prepare(session, { readState: true }), request.runId),
      );
    } catch (error) {
      // This run has begun, but it is unknown whether on this cluster.
      throw error instanceof Unsettled ? error.cause : error;
    }
  },
};

function requestOf(inputs: Values, context: Context, now: Date): RestoreRequest {
  const { validUntil, runId, ...args } = readArgs(inputs);
  return compact({
    ...args,
    runId: runId === "" ? `plan ${now.toISOString()} ${hostname()}` : runId,
    validUntil: typeof inputs.validUntil === "string" ? validUntil : undefined,
    connection: resolveConnection(args.connection, sourcesOf(context, RESTORE_VOCABULARY)),
    owner: ownerOf(context, "restore"),
  });
}
