/**
 * The host for Pulumi's plugin protocol: turns its calls into the lifecycle contract, and back. It knows the protocol's
 * JSON; `service.ts` knows its messages.
 *
 * It handles what lifecycles should not have to:
 * - lifecycles receive secrets in plain text; outputs mark them as secrets again, including those that only a table
 *   marks
 * - a call ends when Pulumi cancels it, when its time limit has passed, or when `pulumi` is gone
 * - a resource's owner comes from its URN, except for the organization, which configuration sets
 */

import { NOUNS } from "../../args/tables/nouns";
import type { Table } from "../../args/tables/row";
import { CONFIGURATION_NAMESPACE } from "../../args/tables/configuration";
import { compact } from "../../compact";
import { isCode, SnapshotError } from "../../errors";
import { type Change, type Context, type Created, Incomplete, type Lifecycle, type Values } from "../../lifecycle";
import { registerSecret } from "../../text";
import { type Message, withMessages } from "../messages";
import { runStoppable } from "../shutdown";
import { checkConfiguration, configLookup, SETTINGS } from "./configuration";
import { invoke } from "./invoke";
import { type End, type Found, list, type Query } from "./list";
import { readWire } from "./secretArguments";
import { checkStateInputs } from "./stateInputs";
import { type TimeLimit, timeLimitError, timeLimitSignal } from "./timeLimit";
import { ownerFromUrn, typeFromUrn } from "./urn";
import {
  joinMarks,
  type Marks,
  marksIn,
  refusedIn,
  secretsIn,
  valuesFromWire,
  valuesToWire,
  type WireObject,
} from "../values";

interface Resource {
  readonly table: Table;
  /** Called at the first call for the resource. */
  readonly load: () => Promise<Lifecycle>;
}

const RESOURCES: ReadonlyMap<string, Resource> = new Map([
  [
    "consul-snapshot:index:ConsulSnapshot",
    {
      table: NOUNS.snapshot,
      load: async () => (await import("../../resources/snapshot/lifecycle.js")).snapshotLifecycle,
    },
  ],
  [
    "consul-snapshot:index:ConsulSnapshotRestore",
    { table: NOUNS.restore, load: async () => (await import("../../resources/restore/lifecycle.js")).restoreLifecycle },
  ],
]);

/** Pulumi's name of the organization without Pulumi Cloud. */
const NO_ORGANIZATION = "organization";

const idle = new AbortController().signal;

export type Send = (message: Message & { readonly urn: string }) => Promise<void>;

/** The result of a check: the inputs to store, and one sentence for each problem. */
export interface CheckedWire {
  readonly inputs: WireObject;
  readonly problems: readonly string[];
}

export interface StateWire {
  readonly id: string;
  readonly properties: WireObject;
  /** For a resource that is not in state: the arguments for a program that adopts it. */
  readonly inputs?: WireObject;
  /** Whether each preview and update should read the resource first. */
  readonly readBeforeUpdate: boolean;
}

/** A failure with outputs to store in state. */
export class PartialFailure extends Error {
  constructor(
    override readonly cause: Error,
    readonly state: StateWire,
  ) {
    super(cause.message);
  }
}

/** The arguments of a call, in the protocol's JSON. */
interface Call {
  readonly urn: string;
  readonly inputs?: WireObject;
  readonly recorded?: WireObject;
}

/** A decoded call. */
interface Opened {
  readonly lifecycle: Lifecycle;
  readonly inputs: Values;
  /** The inputs as the program has written them, with secrets marked. */
  readonly written: WireObject;
  readonly recorded: Values;
  /** The secret parts of the stored state. */
  readonly marks: Marks | undefined;
}

export class Host {
  #configuration: Values = {};

  /**
   * @param send - sends a message to the engine; resolves when it has arrived or cannot arrive
   * @param run - as in `Context`
   */
  constructor(
    private readonly send: Send,
    private readonly run?: string,
  ) {}

  checkConfig(inputs: WireObject): CheckedWire {
    const { values, marks } = readWire(SETTINGS, inputs);
    return { inputs: valuesToWire(values, marks), problems: [...refusedIn(inputs), ...checkConfiguration(values)] };
  }

  configure(inputs: WireObject): void {
    const { values, marks } = readWire(SETTINGS, inputs);
    this.#configuration = values;
    for (const secret of secretsIn(valuesToWire(values, marks))) registerSecret(secret);
  }

  async check(urn: string, olds: WireObject | undefined, news: WireObject): Promise<CheckedWire> {
    const refused = refusedIn(news);
    if (refused.length > 0) return { inputs: news, problems: refused };
    const { lifecycle, inputs, written } = await this.#open({ urn, inputs: news });
    const isNew = olds === undefined || Object.keys(olds).length === 0;
    return this.#speaking(urn, idle, async (context) => {
      const problems = await lifecycle.check(inputs, context, isNew ? undefined : valuesFromWire(olds));
      return { inputs: written, problems: problems.map(({ reason }) => reason) };
    });
  }

  async diff(id: string, urn: string, state: WireObject, news: WireObject): Promise<readonly Change[]> {
    const { lifecycle, inputs, recorded } = await this.#open({ urn, inputs: news, recorded: state });
    return this.#speaking(urn, idle, async (context) => lifecycle.diff(id, recorded, inputs, context), true);
  }

  /** The outputs that a create or an update would store. */
  async preview(urn: string, news: WireObject, state?: WireObject): Promise<WireObject> {
    const { lifecycle, inputs, recorded, marks } = await this.#open(compact({ urn, inputs: news, recorded: state }));
    return this.#working(urn, undefined, async (context) =>
      valuesToWire(
        withIdentity(await lifecycle.preview(inputs, context, state === undefined ? undefined : recorded), inputs),
        marks,
      ),
    );
  }

  /** @param timeout - in seconds; 0 for none */
  async create(urn: string, news: WireObject, timeout: number): Promise<StateWire> {
    const opened = await this.#open({ urn, inputs: news });
    return this.#recording(urn, opened, { operation: "create", seconds: timeout }, (context) =>
      opened.lifecycle.create(opened.inputs, context),
    );
  }

  /** @returns `undefined` if the resource is gone */
  async read(
    id: string,
    urn: string,
    state: WireObject,
    oldInputs: WireObject,
    timeout: number,
  ): Promise<StateWire | undefined> {
    checkStateInputs(resourceOf(urn).table, state);
    const opened = await this.#open({ urn, inputs: oldInputs, recorded: state });
    return this.#working(urn, { operation: "read", seconds: timeout }, async (context) => {
      const found = await opened.lifecycle.read(id, opened.recorded, context);
      if (found === undefined) return undefined;
      const { inputs } = found;
      return compact({
        ...stateWire(found, opened),
        inputs: inputs && valuesToWire(inputs, opened.marks),
      });
    });
  }

  async update(id: string, urn: string, state: WireObject, news: WireObject, timeout: number): Promise<StateWire> {
    const opened = await this.#open({ urn, inputs: news, recorded: state });
    return this.#recording(urn, opened, { operation: "update", seconds: timeout }, async (context) => ({
      id,
      outputs: await opened.lifecycle.update(id, opened.recorded, opened.inputs, context),
    }));
  }

  async delete(id: string, urn: string, state: WireObject, timeout: number): Promise<void> {
    const { lifecycle, recorded } = await this.#open({ urn, recorded: state });
    await this.#working(urn, { operation: "delete", seconds: timeout }, (context) =>
      lifecycle.delete(id, recorded, context),
    );
  }

  /** Calls a function. It belongs to no resource, so its messages appear on the stack's row. */
  invoke(token: string, args: WireObject): Promise<WireObject> {
    return this.#working("", undefined, (context) => invoke(token, args, context));
  }

  /** @param gone - aborted when the client no longer waits for the list */
  list(query: Query, gone: AbortSignal, send: (found: Found) => Promise<void>): Promise<End> {
    return this.#working("", undefined, (context) =>
      list(query, { ...context, signal: AbortSignal.any([context.signal, gone]) }, send),
    );
  }

  /** Decodes a call, and registers its secrets before anything can show them. */
  async #open({ urn, inputs = {}, recorded = {} }: Call): Promise<Opened> {
    const resource = resourceOf(urn);
    const { values, marks } = readWire(resource.table, inputs);
    const written = valuesToWire(values, marks);
    for (const secret of [...secretsIn(written), ...secretsIn(recorded)]) registerSecret(secret);
    return {
      lifecycle: await resource.load(),
      inputs: this.#withOwner(urn, values),
      written,
      recorded: valuesFromWire(recorded),
      marks: joinMarks(marks, marksIn(recorded)),
    };
  }

  /** Adds the owner in the form of the dynamic resources' state: a later run compares it. */
  #withOwner(urn: string, values: Values): Values {
    const owner = ownerFromUrn(urn, this.#organization());
    return owner === undefined ? values : { ...values, identity: { ...owner } };
  }

  #organization(): string {
    const { organization } = this.#configuration;
    return typeof organization === "string" && organization !== "" ? organization : NO_ORGANIZATION;
  }

  /**
   * @param named - whether messages begin with the resource's name: `--diff` prints messages of `diff` without their
   * resource
   */
  #speaking<T>(
    urn: string,
    signal: AbortSignal,
    work: (context: Context) => T | Promise<T>,
    named = false,
  ): Promise<T> {
    const owner = ownerFromUrn(urn, this.#organization());
    const prefix = named && owner !== undefined ? `${owner.name}: ` : "";
    const where = compact({ signal, urn, run: this.run, owner, connectionNamespace: CONFIGURATION_NAMESPACE });
    const config = configLookup(this.#configuration);
    const send = (message: Message): Promise<void> => this.send({ ...message, urn });
    return withMessages(send, prefix, (messages) => work({ ...where, config, ...messages }));
  }

  /** Runs work that may take long; it stops with the run or at its time limit. */
  #working<T>(urn: string, limit: TimeLimit | undefined, work: (context: Context) => Promise<T>): Promise<T> {
    return runStoppable(async (stopped) => {
      const over = limit && timeLimitSignal(limit);
      try {
        return await this.#speaking(urn, over === undefined ? stopped : AbortSignal.any([stopped, over]), work);
      } catch (error) {
        const isLate = over?.aborted === true && !stopped.aborted && isCode(error, "INTERRUPTED");
        throw isLate && limit !== undefined ? timeLimitError(limit, error) : error;
      }
    });
  }

  /** As `#working`, but a failure may have outputs to store in state. */
  async #recording(
    urn: string,
    opened: Opened,
    limit: TimeLimit,
    work: (context: Context) => Promise<Created>,
  ): Promise<StateWire> {
    try {
      return stateWire(await this.#working(urn, limit, work), opened);
    } catch (error) {
      throw error instanceof Incomplete ? new PartialFailure(error.cause, stateWire(error.created, opened)) : error;
    }
  }
}

function resourceOf(urn: string): Resource {
  const type = typeFromUrn(urn) ?? "";
  const resource = RESOURCES.get(type);
  if (resource !== undefined) return resource;
  throw new SnapshotError(
    "ARGUMENT_INVALID",
    `this version of the plugin does not know the resource ${type}`,
    "State was written by a newer version: install that version of the plugin.",
  );
}

function stateWire({ id, outputs }: Created, { lifecycle, inputs, marks }: Opened): StateWire {
  return {
    id,
    properties: valuesToWire(withIdentity(outputs, inputs), marks),
    readBeforeUpdate: lifecycle.isReadBeforeUpdate(outputs),
  };
}

function withIdentity(outputs: Values, { identity }: Values): Values {
  return { ...outputs, ...compact({ identity }) };
}
