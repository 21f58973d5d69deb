/** How much was decoded: each reader of values adds to it, so that one limit holds for all of them. */
export interface Work {
  /** Values whose heads were read, those read again among them. */
  values: number;
}
