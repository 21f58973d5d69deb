/**
 * The contract between a host (which knows Pulumi's protocol) and a resource's lifecycle (which knows Consul and
 * stores). It is free of Pulumi: plain values, one symbol for what is not known yet, and a context.
 */

/** A value that Pulumi will only know once something else has been created. */
export const UNKNOWN: unique symbol = Symbol("unknown");

export type Value =
  | null
  | boolean
  | number
  | string
  | typeof UNKNOWN
  | readonly Value[]
  | { readonly [key: string]: Value };
export type Values = { readonly [key: string]: Value };

export function isRecord(value: Value | undefined): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** One thing wrong with the arguments. `path` is left out where the host would print the value beside it. */
export interface Problem {
  /** The argument, such as `connection.certFile`. */
  readonly path?: string;
  /** One sentence, free of secret values. */
  readonly reason: string;
}

/** One difference between what is recorded and what is asked for. */
export interface Change {
  /** The argument that changed, or the one that makes time matter (`maxAge`). */
  readonly path: string;
  readonly kind: "add" | "update" | "delete";
  /** Whether this change does the resource's work again, rather than only recording the new argument. */
  readonly replaces: boolean;
  /** One sentence for a reviewer. Holds no value that may be secret. */
  readonly reason: string;
}

/** Where a resource stands in its program; `series` and name templates are made of it. */
export interface Identity {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly name: string;
}

/** What a host gives to every call. A host leaves out what it does not know. */
export interface Context {
  /** Aborted when the run is cancelled or its parent process has died. */
  readonly signal: AbortSignal;
  readonly preview?: boolean;
  readonly urn?: string;
  readonly timeoutMs?: number;
  readonly identity?: Identity;
  /** Stack configuration by its full key, such as `consul:address`. */
  config(key: string): string | undefined;
  /** Live progress: the last one replaces the one before, and none is kept. */
  status(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}

export interface Checked {
  /** The arguments as they will be recorded. */
  readonly inputs: Values;
  readonly problems: readonly Problem[];
}

export interface Created {
  readonly id: string;
  readonly outputs: Values;
}

/**
 * A failure after which things are no longer as they were: the host records what is given here, and tells the cause.
 * Until an update has succeeded, each run calls `update`.
 */
export class Incomplete extends Error {
  override readonly name = "Incomplete";

  /** @param cause - what a user is told, a `SnapshotError` as a rule */
  constructor(
    override readonly cause: Error,
    readonly created: Created,
  ) {
    super(cause.message);
  }
}

/**
 * What a resource can do. Everything except `check` and `diff` may do I/O; `diff` may only read the clock, and say what
 * is going to happen. Failures are thrown as `SnapshotError`; `create` and `update` may throw `Incomplete`.
 */
export interface Lifecycle {
  /** @param before - the arguments of the run before; left out when the resource is to be created */
  check(inputs: Values, context: Context, before?: Values): Checked | Promise<Checked>;
  diff(id: string, recorded: Values, inputs: Values, context: Context): readonly Change[];
  create(inputs: Values, context: Context): Promise<Created>;
  /** `undefined`: the resource is gone, as far as anyone can tell. */
  read(id: string, recorded: Values, context: Context): Promise<Created | undefined>;
  update(id: string, recorded: Values, inputs: Values, context: Context): Promise<Values>;
  delete(id: string, recorded: Values, context: Context): Promise<void>;
}
