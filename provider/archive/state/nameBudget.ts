/**
 * How many names of nodes, services and policies are remembered to compare them with each other. Each takes about 125 bytes,
 * because only hashes of names are remembered; no catalog has as many.
 */

export const MAX_NAMES = 500_000;

export class NameBudget {
  private left: number;
  private exceeded = false;

  /** @param most - Default: 500,000 */
  constructor(most = MAX_NAMES) {
    this.left = most;
  }

  /** Whether a name was not remembered, so that others were not compared with it. */
  get isExceeded(): boolean {
    return this.exceeded;
  }

  /** @returns whether this many more may be remembered */
  take(count: number): boolean {
    if (count > this.left) {
      this.exceeded = true;
      return false;
    }
    this.left -= count;
    return true;
  }
}
