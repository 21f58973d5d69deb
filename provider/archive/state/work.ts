/** How much was decoded. All readers of values add to it, so that one limit applies to their total. */
export interface Work {
  /** Number of values whose heads were read; a value that is read twice counts twice. */
  values: number;
}
