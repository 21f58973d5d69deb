/** Prints differences as they are found: there may be any number of them. */

import type { Difference, DiffSummary } from "../../provider/contents/diff";
import type { CleanLines } from "../../provider/text";
import type { Output } from "../terminal/output";

/** Number of differences to print before waiting for the reader. */
const FLUSH_EVERY = 1000;

/** Formats differences in their order, and then their counts. */
export interface DifferencePrinter {
  difference(difference: Difference): CleanLines;
  ending(summary: DiffSummary): CleanLines;
}

/**
 * @param found - called when both sides have been read, before anything is printed
 * @throws SnapshotError what the differences throw
 */
export async function printDifferences(
  differences: AsyncGenerator<Difference, DiffSummary>,
  printer: DifferencePrinter,
  output: Output,
  found: () => void,
): Promise<DiffSummary> {
  for (let count = 1; ; count++) {
    const step = await differences.next();
    if (count === 1) found();
    if (step.done === true) {
      output.write(printer.ending(step.value));
      return step.value;
    }
    output.write(printer.difference(step.value));
    if (count % FLUSH_EVERY === 0) await output.flush();
  }
}
