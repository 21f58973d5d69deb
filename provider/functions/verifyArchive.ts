/** The verdict on an archive, the same as that of `consul-snapshot verify`. */

import { parseVersion } from "../archive/version";
import { CONSUL_VERSION } from "../args/tables/verification";
import { failedVerdict, type Verdict, verdictData, verdictOn } from "../catalog/verdict";
import { SnapshotError } from "../errors";
import type { Context, Problem, Values } from "../lifecycle";
import { checkSource, readSource, sourceOf } from "./readSource";
import type { Work } from "./work";

export const verifyArchive: Work = {
  check: async (inputs) => [...(await checkSource(inputs)), ...checkVersion(inputs)],
  run: async (inputs, context) => verdictData(await judge(inputs, context)),
};

function checkVersion({ consulVersion }: Values): Problem[] {
  if (typeof consulVersion !== "string" || parseVersion(consulVersion) !== undefined) return [];
  return [{ path: "consulVersion", reason: `consulVersion must be ${CONSUL_VERSION.form}` }];
}

async function judge(inputs: Values, context: Context): Promise<Verdict> {
  const source = sourceOf(inputs);
  const { consulVersion } = inputs;
  try {
    const { report, object, manifest } = await readSource(inputs, context);
    const examined = { report, storedSize: object.size, manifest };
    return verdictOn(source, examined, typeof consulVersion === "string" ? consulVersion : undefined);
  } catch (error) {
    if (context.signal.aborted || !(error instanceof SnapshotError)) throw error;
    return failedVerdict(source, error);
  }
}
