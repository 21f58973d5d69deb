/**
 * A limit on what one run of retention removes. Credentials that may add objects could add fake archives that push
 * genuine ones out. So the removals of a run must be explained by the archives that were added since the last run.
 * Pure.
 */

/** More unknown archives than this are unlikely to come from killed runs. */
export const MAX_UNKNOWN = 3;

export interface Growth {
  /** Archives of the series that no earlier run has recorded, without the new one. A killed run leaves one. */
  readonly unknown: number;
  /** Whether the policy is that of the last run; a new policy explains any number of removals. */
  readonly samePolicy: boolean;
  /**
   * Number of archives that the last run did not remove only because of their age or a lock, and of those that were recorded since,
   * with the new one.
   */
  readonly pending: number;
  /** Number of archives that this run would remove. */
  readonly removals: number;
}

/**
 * The brake of a series that has no ledger although archives of it were saved by runs with retention, which write one. Whoever
 * may replace or delete objects could remove the ledger, and so release the brake.
 *
 * @param siblings - archives of the series and cluster, without the new one
 * @returns as `brake`
 */
export function brakeWithoutLedger(siblings: number): string | undefined {
  if (siblings <= MAX_UNKNOWN) return undefined;
  return `the record that runs with retention keep of this series is missing, and ${siblings} archives of the series are there: somebody may have deleted it, and added archives`;
}

/** @returns why nothing may be removed, as a clause; `undefined` if removal is allowed */
export function brake({ unknown, samePolicy, pending, removals }: Growth): string | undefined {
  if (unknown > MAX_UNKNOWN) {
    return `${unknown} archives of this series have appeared that none of its runs has saved`;
  }
  // One more to catch up on earlier removals that did not happen.
  const explained = unknown + pending + 1;
  if (!samePolicy || removals <= explained) return undefined;
  return `${removals} archives would be removed, and what has been added since the last run explains ${explained}`;
}
