/**
 * The host for Pulumi's dynamic providers: turns their protocol into the lifecycle contract, and back.
 *
 * What it takes care of, so that no lifecycle has to:
 * - errors are one message with its hint; the engine's own host would print stack traces for some methods
 * - unknown values arrive as a magic string, and an `undefined` among outputs would fail after the work was done
 * - one process serves every resource of a run, and outlives a killed `pulumi`: then everything stops and cleans up
 */

import { explain } from "../errors";
import {
  type Context,
  type Created,
  type Identity,
  Incomplete,
  type Lifecycle,
  UNKNOWN,
  type Value,
  type Values,
} from "../lifecycle";
import { restoreLifecycle } from "../restore/lifecycle";
import { snapshotLifecycle } from "../snapshot/lifecycle";
import { engineLog, type Severity } from "./engineLog";
import { guarded, whileWorking } from "./guard";

/** How the Node SDK writes a value that is not known yet. */
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Said when the option is new, or its resource is: an update without a change says nothing. */
const NO_TIMEOUTS =
  "customTimeouts does not reach this resource: use connection.firstByteTimeout and connection.idleTimeout";

const LIFECYCLES: Readonly<Record<string, Lifecycle>> = {
  ConsulSnapshot: snapshotLifecycle,
  ConsulSnapshotRestore: restoreLifecycle,
};

interface StackConfig {
  get(key: string): string | undefined;
}

let stackConfig: StackConfig | undefined;

/** See `runtime.ts`, whose contract this fulfils. */
export async function call(resource: string, method: string, args: readonly unknown[]): Promise<unknown> {
  if (method === "configure") {
    stackConfig = (args[0] as { config: StackConfig }).config;
    guarded();
    return undefined;
  }
  const lifecycle = LIFECYCLES[resource];
  if (lifecycle === undefined) throw unknownCall(`resource ${resource}`);
  try {
    return await dispatch(lifecycle, method, args);
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

/** A failure with a `property` would print that property's value, secret or not: the reason alone names it. */
async function check(lifecycle: Lifecycle, olds: unknown, news: unknown): Promise<unknown> {
  const { context, flush } = contextOf(news, idle);
  const before = fromPulumi(olds);
  const isNew = Object.keys(before).length === 0;
  if (identityOf(news).customTimeouts && !identityOf(olds).customTimeouts) context.warn(NO_TIMEOUTS);
  const { inputs, problems } = await lifecycle.check(fromPulumi(news), context, isNew ? undefined : before);
  await flush();
  return { inputs: toPulumi(inputs), failures: problems.map(({ reason }) => ({ reason })) };
}

async function diff(lifecycle: Lifecycle, id: string, olds: unknown, news: unknown): Promise<unknown> {
  const { context, flush } = contextOf(news, idle, true);
  const changes = lifecycle.diff(id, fromPulumi(olds), fromPulumi(news), context);
  await flush();
  return {
    changes: changes.length > 0,
    replaces: [...new Set(changes.filter(({ replaces }) => replaces).map(({ path }) => path))],
    deleteBeforeReplace: false,
  };
}

function create(lifecycle: Lifecycle, news: unknown): Promise<unknown> {
  return recording(news, async (context) => {
    const { id, outputs } = await lifecycle.create(fromPulumi(news), context);
    return { id, outs: toPulumi({ ...outputs, ...identityValue(news) }) };
  });
}

function read(lifecycle: Lifecycle, id: string, props: unknown): Promise<unknown> {
  return working(props, async (context) => {
    const found = await lifecycle.read(id, fromPulumi(props), context);
    if (found === undefined) return { id: "", props: {} };
    return { id: found.id, props: toPulumi({ ...found.outputs, ...identityValue(props) }) };
  });
}

function update(lifecycle: Lifecycle, id: string, olds: unknown, news: unknown): Promise<unknown> {
  return recording(news, async (context) => {
    const outputs = await lifecycle.update(id, fromPulumi(olds), fromPulumi(news), context);
    return { outs: toPulumi({ ...outputs, ...identityValue(news) }) };
  });
}

function remove(lifecycle: Lifecycle, id: string, props: unknown): Promise<unknown> {
  return working(props, (context) => lifecycle.delete(id, fromPulumi(props), context));
}

/** Runs work that may take long: it is told to stop when the run is, and what it said has arrived before it ends. */
function working<T>(props: unknown, work: (context: Context) => Promise<T>): Promise<T> {
  return whileWorking(async (signal) => {
    const { context, flush } = contextOf(props, signal);
    try {
      return await work(context);
    } finally {
      await flush();
    }
  });
}

/** As `working`; a failure may leave something to be recorded. */
async function recording<T>(news: unknown, work: (context: Context) => Promise<T>): Promise<T> {
  try {
    return await working(news, work);
  } catch (error) {
    throw error instanceof Incomplete ? partialFailure(error.cause, error.created, news) : error;
  }
}

const idle = new AbortController().signal;

/**
 * @param named - whether what is said begins with the resource's name, though the engine shows it with its resource. What
 *   `diff` says does: `--diff` prints it alone.
 */
function contextOf(
  props: unknown,
  signal: AbortSignal,
  named = false,
): { context: Context; flush: () => Promise<void> } {
  const { identity, urn } = identityOf(props);
  // One after another: the engine shows them as they arrive, and the last one stands.
  let said = Promise.resolve();
  const prefix = identity !== undefined && (named || urn === undefined) ? `${identity.name}: ` : "";
  const say = (severity: Severity, ephemeral: boolean) => (message: string) => {
    const whole = { severity, ephemeral, message: prefix + message, ...(urn === undefined ? {} : { urn }) };
    said = said.then(() => engineLog(whole));
  };
  const context: Context = {
    signal,
    ...(urn === undefined ? {} : { urn }),
    ...(identity === undefined ? {} : { identity }),
    config: (key) => stackConfig?.get(key),
    status: say("info", true),
    info: say("info", false),
    warn: say("warning", false),
  };
  return { context, flush: () => said };
}

/** The SDK adds where the resource stands; state keeps it, for the calls that are given only state. */
function identityOf(props: unknown): { identity?: Identity; urn?: string; customTimeouts: boolean } {
  const given =
    (props as { identity?: Partial<Record<keyof Identity | "urn" | "customTimeouts", unknown>> }).identity ?? {};
  const { organization, project, stack, name, urn, customTimeouts } = given;
  return {
    ...(isText(organization) && isText(project) && isText(stack) && isText(name)
      ? { identity: { organization, project, stack, name } }
      : {}),
    ...(isText(urn) ? { urn } : {}),
    customTimeouts: customTimeouts === true,
  };
}

function identityValue(props: unknown): Values {
  const { identity } = fromPulumi(props);
  return identity === undefined ? {} : { identity };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== UNKNOWN_TEXT;
}

function fromPulumi(props: unknown): Values {
  const entries = Object.entries(props as Readonly<Record<string, unknown>>).filter(([key]) => key !== "__provider");
  return Object.fromEntries(entries.map(([key, value]) => [key, valueFromPulumi(value)]));
}

function valueFromPulumi(value: unknown): Value {
  if (value === UNKNOWN_TEXT) return UNKNOWN;
  if (Array.isArray(value)) return value.map(valueFromPulumi);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, valueFromPulumi(inner)]));
  }
  return value as Value;
}

function toPulumi(value: Value): unknown {
  if (value === UNKNOWN) return UNKNOWN_TEXT;
  if (Array.isArray(value)) return value.map(toPulumi);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toPulumi(inner)]));
  }
  return value;
}

/** What Pulumi's host prints of a thrown error: its message on the resource's row, and `error: stack` on the stack's. */
class PlainError extends Error {
  constructor(message: string, hint: string) {
    super(hint === "" ? message : `${message}\n${hint}`);
    this.stack = hint;
    this.toString = () => message;
  }
}

/**
 * What Pulumi's host takes for a resource that was made and is not well: it is recorded, and its reasons are printed. Unlike
 * after a success, the host does not add the provider's text.
 */
function partialFailure(cause: Error, { id, outputs }: Created, news: unknown): PlainError {
  const { __provider } = news as { readonly __provider?: unknown };
  const properties = { ...(toPulumi({ ...outputs, ...identityValue(news) }) as object), __provider };
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
