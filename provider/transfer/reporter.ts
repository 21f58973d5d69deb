/** Where work says what it is doing, and learns that it must stop. */
export interface Reporter {
  readonly signal: AbortSignal;
  status(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}
