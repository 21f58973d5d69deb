/** The check of `--series`, in commands that write archives. */

import { seriesProblem } from "../../provider/args/series";
import { usageError } from "../description/usageError";

/**
 * @param series - Default: the command's own
 * @throws SnapshotError `ARGUMENT_INVALID`
 */
export function checkSeries(series: string | undefined): void {
  if (series !== undefined) check(series, "Omit --series, or use such a name.");
}

/** The same for a command that requires the option. */
export function checkRequiredSeries(series: string): void {
  check(series, "Use such a name.");
}

function check(series: string, hint: string): void {
  const problem = seriesProblem(series);
  if (problem !== undefined) throw usageError(`--series ${problem}`, hint);
}
