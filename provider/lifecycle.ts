/**
 * The contract between a host (which knows Pulumi's protocol) and a resource's lifecycle (which knows Consul and
 * stores). It does not depend on Pulumi: plain values, one symbol for unknown values, and a context.
 */

import type { WorkEvent } from "./events";
import type { Owner } from "./owner";
import type { CleanLines } from "./text";

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

/** One problem with the arguments. `path` is absent if the host would print the value beside it. */
export interface Problem {
  /** The argument, such as `connection.certFile`. */
  readonly path?: string;
  /** One sentence, free of secret values. */
  readonly reason: string;
}

/** One difference between the state and the arguments. */
export interface Change {
  /** The argument that changed, or that depends on the time (`maxAge`). */
  readonly path: string;
  /** The part of the argument that changed, such as `triggers[0]`. Default: all of it. */
  readonly part?: string;
  readonly kind: "add" | "update" | "delete";
  /** Whether this change repeats the resource's work, or only stores the new argument in state. */
  readonly replaces: boolean;
  /** One sentence for a reviewer, without values that may be secret. */
  readonly reason: string;
}

/** The context that a host passes to every call. A host omits what it does not know. */
export interface Context {
  /** Aborted when the run is canceled or the parent process has died. */
  readonly signal: AbortSignal;
  readonly urn?: string;
  /** Identifies the run on this machine, if several processes may serve it. Default: this one serves all of it. */
  readonly run?: string;
  readonly owner?: Owner;
  /** The namespace of stack configuration that sets connections. Default: `consul` */
  readonly connectionNamespace?: string;
  /** Stack configuration by its full key, such as `consul:address`. */
  config(key: string): string | undefined;
  /** Live progress: each event replaces the previous one, and none is kept. */
  status(event: WorkEvent): void;
  info(message: CleanLines): void;
  warn(message: CleanLines): void;
}

export interface Created {
  readonly id: string;
  readonly outputs: Values;
}

export interface Found extends Created {
  /** If the resource is not in state: the arguments for a program that adopts it. */
  readonly inputs?: Values;
}

/**
 * A failure after something has changed: the host stores these outputs in state and reports the cause. Until an update
 * succeeds, each run calls `update`.
 */
export class Incomplete extends Error {
  override readonly name = "Incomplete";

  /** @param cause - the error to show, usually a `SnapshotError` */
  constructor(
    override readonly cause: Error,
    readonly created: Created,
  ) {
    super(cause.message);
  }
}

/**
 * The operations of a resource. All of them may do I/O; `check` and `diff`, which previews also call, change nothing
 * and do only fast reads. Failures are thrown as `SnapshotError`; `create` and `update` may throw `Incomplete`.
 */
export interface Lifecycle {
  /**
   * All problems with the arguments. State stores the arguments unchanged.
   *
   * @param before - the arguments of the previous run; absent for a resource that will be created
   */
  check(inputs: Values, context: Context, before?: Values): Promise<readonly Problem[]>;
  diff(id: string, recorded: Values, inputs: Values, context: Context): readonly Change[] | Promise<readonly Change[]>;
  /**
   * The outputs of a create or an update, as far as they are known in advance. Changes nothing.
   *
   * @param recorded - the outputs before an update; absent for a create
   */
  preview(inputs: Values, context: Context, recorded?: Values): Values | Promise<Values>;
  create(inputs: Values, context: Context): Promise<Created>;
  /** Returns `undefined` if the resource is certainly gone. */
  read(id: string, recorded: Values, context: Context): Promise<Found | undefined>;
  /** Whether each preview and update should call `read` first, if the host supports it. Only if `read` is cheap. */
  isReadBeforeUpdate(recorded: Values): boolean;
  update(id: string, recorded: Values, inputs: Values, context: Context): Promise<Values>;
  delete(id: string, recorded: Values, context: Context): Promise<void>;
}
