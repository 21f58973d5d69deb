/**
 * The host for Pulumi's dynamic providers: turns their protocol into the lifecycle contract, and back.
 *
 * It handles what lifecycles should not have to:
 * - errors are one message with a hint; Pulumi's own host would print stack traces for some methods
 * - an `undefined` among outputs would make Pulumi fail after the work was done
 * - one process serves all resources of a run and outlives a killed `pulumi`; it then stops all work and cleans up
 */

import { compact } from "../../compact";
import { explain } from "../../errors";
import {
  type Change,
  type Context,
  Incomplete,
  isRecord,
  type Lifecycle,
  type Value,
  type Values,
} from "../../lifecycle";
import type { Owner } from "../../owner";
import { nameProgramByNpx } from "../../program";
import { registerEnvironment, remark } from "../../text";
import { type Message, withMessages } from "../messages";
import { refusedIn, valuesFromWire, valuesToWire, type Wire, type WireObject } from "../values";
import { engineLog } from "./log";
import { watchParent, runStoppable } from "../shutdown";

/** Shown if the option or its resource is new; an update without a change shows nothing. */
const NO_TIMEOUTS = remark`customTimeouts does not reach this resource: use connection.firstByteTimeout and connection.idleTimeout`;

/** Each is loaded at the first call for its resource. */
const LIFECYCLES = new Map<string, () => Promise<Lifecycle>>([
  ["ConsulSnapshot", async () => (await import("../../resources/snapshot/lifecycle.js")).snapshotLifecycle],
  ["ConsulSnapshotRestore", async () => (await import("../../resources/restore/lifecycle.js")).restoreLifecycle],
]);

interface StackConfig {
  get(key: string): string | undefined;
}

let stackConfig: StackConfig | undefined;

/** Implements the contract in `runtime.ts`. */
export async function call(resource: string, method: string, args: readonly unknown[]): Promise<unknown> {
  if (method === "configure") {
    stackConfig = (args[0] as { config: StackConfig }).config;
    watchParent();
    registerEnvironment(process.env);
    nameProgramByNpx();
    return undefined;
  }
  const load = LIFECYCLES.get(resource);
  if (load === undefined) throw unknownCall(`resource ${resource}`);
  try {
    return await dispatch(await load(), method, args);
  } catch (error) {
    throw plain(error);
  }
}

function dispatch(lifecycle: Lifecycle, method: string, args: readonly unknown[]): Promise<unknown> {
  switch (method) {
    case "check":
      return check(lifecycle, args[0], args[1]);
    case "diff":
      return diff(lifecycle, String(args[0]), args[1], args[2]);
    case "create":
      return create(lifecycle, args[0]);
    case "read":
      return read(lifecycle, String(args[0]), args[1]);
    case "update":
      return update(lifecycle, String(args[0]), args[1], args[2]);
    case "delete":
      return remove(lifecycle, String(args[0]), args[1]);
    default:
      throw unknownCall(`method ${method}`);
  }
}

/** Omit `property`: Pulumi would print that property's value, secret or not. The reason contains the name. */
async function check(lifecycle: Lifecycle, olds: unknown, news: unknown): Promise<unknown> {
  const refused = refusedIn(news as WireObject);
  if (refused.length > 0) return { inputs: news, failures: refused.map((reason) => ({ reason })) };
  const [before, inputs] = [fromPulumi(olds), fromPulumi(news)];
  const isNew = Object.keys(before).length === 0;
  return speaking(inputs, idle, async (context) => {
    if (identityOf(inputs).customTimeouts && !identityOf(before).customTimeouts) context.warn(NO_TIMEOUTS);
    const problems = await lifecycle.check(inputs, context, isNew ? undefined : before);
    return { inputs: valuesToWire(inputs), failures: problems.map(({ reason }) => ({ reason })) };
  });
}

async function diff(lifecycle: Lifecycle, id: string, olds: unknown, news: unknown): Promise<unknown> {
  const inputs = fromPulumi(news);
  const compare = async (context: Context): Promise<readonly Change[]> =>
    lifecycle.diff(id, fromPulumi(olds), inputs, context);
  const changes = await speaking(inputs, idle, compare, true);
  return {
    changes: changes.length > 0,
    replaces: [...new Set(changes.filter(({ replaces }) => replaces).map(({ path }) => path))],
    deleteBeforeReplace: false,
  };
}

function create(lifecycle: Lifecycle, news: unknown): Promise<unknown> {
  const inputs = fromPulumi(news);
  return recording(inputs, codeIn(news), async (context) => {
    const { id, outputs } = await lifecycle.create(inputs, context);
    return { id, outs: withIdentity(outputs, inputs) };
  });
}

function read(lifecycle: Lifecycle, id: string, props: unknown): Promise<unknown> {
  const recorded = fromPulumi(props);
  return working(recorded, async (context) => {
    const found = await lifecycle.read(id, recorded, context);
    if (found === undefined) return { id: "", props: {} };
    return { id: found.id, props: withIdentity(found.outputs, recorded) };
  });
}

function update(lifecycle: Lifecycle, id: string, olds: unknown, news: unknown): Promise<unknown> {
  const inputs = fromPulumi(news);
  return recording(inputs, codeIn(news), async (context) => {
    const outputs = await lifecycle.update(id, fromPulumi(olds), inputs, context);
    return { outs: withIdentity(outputs, inputs) };
  });
}

function remove(lifecycle: Lifecycle, id: string, props: unknown): Promise<unknown> {
  const recorded = fromPulumi(props);
  return working(recorded, (context) => lifecycle.delete(id, recorded, context));
}

/** Runs work that may take long; it is canceled with the run. */
function working<T>(values: Values, work: (context: Context) => Promise<T>): Promise<T> {
  return runStoppable((signal) => speaking(values, signal, work));
}

/**
 * As `working`, but a failure may have outputs to store in state.
 *
 * @param code - the provider's code, which state stores with the resource
 */
async function recording<T>(
  inputs: Values,
  code: Wire | undefined,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  try {
    return await working(inputs, work);
  } catch (error) {
    throw error instanceof Incomplete ? partialFailure(error, inputs, code) : error;
  }
}

const idle = new AbortController().signal;

/**
 * @param values - they contain the resource's identity
 * @param named - whether messages begin with the resource's name: `--diff` prints messages of `diff` without their
 * resource
 */
function speaking<T>(
  values: Values,
  signal: AbortSignal,
  work: (context: Context) => T | Promise<T>,
  named = false,
): Promise<T> {
  const { owner, urn } = identityOf(values);
  const prefix = owner !== undefined && (named || urn === undefined) ? `${owner.name}: ` : "";
  const config = (key: string): string | undefined => stackConfig?.get(key);
  const send = (message: Message): Promise<void> => engineLog(compact({ ...message, urn }));
  return withMessages(send, prefix, (messages) => work(compact({ signal, urn, owner, config, ...messages })));
}

/** The SDK adds the identity to the arguments, and state stores it for calls that receive only state. */
function identityOf({ identity }: Values): { owner?: Owner; urn?: string; customTimeouts: boolean } {
  const { organization, project, stack, name, urn, customTimeouts } = isRecord(identity) ? identity : {};
  return {
    ...(isText(organization) && isText(project) && isText(stack) && isText(name)
      ? { owner: { organization, project, stack, name } }
      : {}),
    ...(isText(urn) ? { urn } : {}),
    customTimeouts: customTimeouts === true,
  };
}

function withIdentity(outputs: Values, { identity }: Values): WireObject {
  return valuesToWire({ ...outputs, ...compact({ identity }) });
}

function isText(value: Value | undefined): value is string {
  return typeof value === "string";
}

/** The key of the provider's own code, which state stores with each resource. */
const CODE = "__provider";

/** Without the provider's own code. */
function fromPulumi(props: unknown): Values {
  return valuesFromWire(Object.fromEntries(Object.entries(props as WireObject).filter(([key]) => key !== CODE)));
}

function codeIn(props: unknown): Wire | undefined {
  return (props as WireObject)[CODE];
}

/**
 * An error for Pulumi's host, which prints the message on the resource's row and the stack trace on the stack's row.
 */
class PlainError extends Error {
  constructor(message: string, hint: string) {
    super(hint === "" ? message : `${message}\n${hint}`);
    this.stack = hint;
    this.toString = () => message;
  }
}

/**
 * The error that tells Pulumi's host that a resource was created and then failed: the host stores it in state and
 * prints the reasons. Unlike after a success, it does not add the provider's code.
 */
function partialFailure({ cause, created: { id, outputs } }: Incomplete, inputs: Values, code?: Wire): PlainError {
  const properties = { ...withIdentity(outputs, inputs), [CODE]: code };
  return Object.assign(plain(cause), { id, properties, reasons: [explain(cause)] });
}

function unknownCall(what: string): PlainError {
  return new PlainError(
    `this version of pulumi-consul-snapshot does not know the ${what}`,
    "State was written by a newer version: upgrade the package in the program's folder.",
  );
}

function plain(error: unknown): PlainError {
  if (error instanceof PlainError) return error;
  const [message = "", ...hint] = explain(error).split("\n");
  return new PlainError(message, hint.join("\n"));
}
