/** What a function of the plugin does: it reads, and changes nothing anywhere. */

import type { Context, Problem, Values } from "../lifecycle";

export interface Work {
  /** Problems with inputs whose kinds are right. Unknown inputs are not judged. No reason contains a secret. */
  check(inputs: Values, context: Context): Promise<readonly Problem[]>;
  /**
   * @param inputs - all of them known, and none of them wrong
   * @returns the outputs as the function's table declares them; an unknown fact is absent or `null`
   * @throws SnapshotError
   */
  run(inputs: Values, context: Context): Promise<object>;
}
