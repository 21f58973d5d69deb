/** Older archives of a resource whose series changes because it, its stack or its project is renamed. */

import { seriesOf } from "../../catalog/series";
import { explain, isCode } from "../../errors";
import { type Context, isRecord, UNKNOWN, type Value, type Values } from "../../lifecycle";
import { isEmpty } from "../../retention/policy";
import { listSeries } from "../../retention/listing";
import { openStore } from "../../store/backends";
import { parseLocation } from "../../store/location";
import { readRetention } from "../../args/retention";

/** The series that follows from state or arguments; `undefined` if it is unknown. */
export function seriesIn({ series, identity }: Values): string | undefined {
  if (typeof series === "string") return series;
  if (series === UNKNOWN || !isRecord(identity)) return undefined;
  const { organization, project, stack, name } = identity;
  if (!isText(organization) || !isText(project) || !isText(stack) || !isText(name)) return undefined;
  return seriesOf({ organization, project, stack, name });
}

/**
 * Reports how many archives of the former series retention no longer manages, and how to continue that series. Never fails.
 *
 * @param recorded - state before the change
 * @param inputs - the arguments now
 */
export async function reportFormerSeries(recorded: Values, inputs: Values, context: Context): Promise<void> {
  const former = seriesIn(recorded);
  const now = seriesIn(inputs);
  if (former === undefined || now === undefined || former === now) return;
  if (typeof inputs.target !== "string" || isEmpty(readRetention(inputs.retention))) return;
  const hint = `set series: ${JSON.stringify(former)} to continue it`;
  try {
    const target = parseLocation(inputs.target);
    const store = await openStore(target);
    try {
      const { archives } = await listSeries(store, target.key, former, undefined, context.signal);
      if (archives.length === 0) return;
      const count = archives.length === 1 ? "1 archive" : `${archives.length} archives`;
      context.warn(
        `retention does not remove archives of another series: ${count} of the former series ${former} will stay, because ` +
          `the series is now ${now}; ${hint}`,
      );
    } finally {
      store.close();
    }
  } catch (error) {
    // A place that does not exist contains no archives.
    if (isCode(error, "STORE_NOT_FOUND")) return;
    context.warn(
      `the series is now ${now}, and archives of the former series ${former} could not be counted; ${hint}: ${explain(error)}`,
    );
  }
}

function isText(value: Value | undefined): value is string {
  return typeof value === "string";
}
