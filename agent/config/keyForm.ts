/** The form of one key of the agent's configuration, as plain data. */

export type KeyKind =
  | "string"
  | "boolean"
  /** A non-negative integer. */
  | "count"
  /** A Go duration such as "1h30m", or 0; also in days and weeks. */
  | "duration"
  | "strings"
  /** An object of strings. */
  | "map"
  /** The rules of `retention` in a Pulumi program. */
  | "retention";

export interface Key {
  readonly kind: KeyKind;
  /** The flag that sets it, without its dash. */
  readonly flag?: string;
  /** The environment variable that sets it if neither a file nor a flag does. */
  readonly environment?: string;
  readonly default?: string | number | boolean;
  /** No message shows the value; `env://NAME` and `file://PATH` refer to a value in another place. */
  readonly secret?: true;
  /** Accepted, but without effect; why, as a clause. */
  readonly ignored?: string;
  /** Keys of the same object that say the same in another way. What sets this one later overrides them, too. */
  readonly replaces?: readonly string[];
  /** Not a key of HashiCorp's agent. */
  readonly own?: true;
  /** What it does: one sentence or two of Markdown. */
  readonly documentation: string;
}

export type KeyTable = Readonly<Record<string, Key>>;
