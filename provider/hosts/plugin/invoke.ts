/** Calls one of the plugin's functions: checks its inputs and cleans its outputs. */

import { SnapshotError } from "../../errors";
import { FUNCTION_NAMES, FUNCTIONS, type ProviderFunction } from "../../functions/functions";
import type { Context } from "../../lifecycle";
import { Secrets, SHORTEST_SECRET } from "../../secrets";
import { suggestion } from "../../suggestion";
import { cleanMessage, cleanText } from "../../text";
import { holdsUnknown } from "../../values";
import { inputError, readInputs } from "./inputs";
import { toWire, type Wire, type WireObject } from "../values";

const PREFIX = "consul-snapshot:index:";
/** The longest string in an output, in characters; locations and messages are shorter. */
const LONGEST = 16_000;
const NONE = new Secrets();

/**
 * @returns the outputs; empty if an input is not known yet
 * @throws SnapshotError, including `ARGUMENT_INVALID` for invalid inputs and for a function that does not exist
 */
export async function invoke(token: string, wire: WireObject, context: Context): Promise<WireObject> {
  const { name, called } = functionOf(token);
  const { values, problems: form, secrets } = readInputs(called.inputs, wire, name);
  if (form.length > 0) throw inputError(form, name);
  const work = await called.load();
  const problems = await work.check(values, context);
  if (problems.length > 0) throw inputError(problems, name);
  // The engine refuses unknown values in a response; an empty response stands for "not known yet".
  if (holdsUnknown(values)) return {};
  const findable = secrets.filter(({ length }) => length >= SHORTEST_SECRET);
  try {
    return outputsOf(await work.run(values, context), findable);
  } catch (error) {
    if (!context.signal.aborted) throw error;
    throw new SnapshotError("INTERRUPTED", `${name} was interrupted`, "Run it again.", error);
  }
}

function functionOf(token: string): { readonly name: string; readonly called: ProviderFunction } {
  const name = FUNCTION_NAMES.find((known) => PREFIX + known === token);
  if (name !== undefined) return { name, called: FUNCTIONS[name] };
  const tokens = FUNCTION_NAMES.map((known) => PREFIX + known);
  throw new SnapshotError(
    "ARGUMENT_INVALID",
    `this version of the plugin does not know the function ${cleanText(token)}: ${suggestion(token, tokens)}`,
    "Correct its name, or install the version of the plugin that has it.",
  );
}

function outputsOf(result: object, secrets: readonly string[]): WireObject {
  return Object.fromEntries(
    Object.entries(result).flatMap(([name, value]) => {
      const wire = wireFrom(value, secrets);
      return wire === undefined ? [] : [[name, wire] as const];
    }),
  );
}

/**
 * Cleans text from archives, manifests and servers. A string that contains a secret input, such as a location below a
 * secret target, is not masked but marked as secret.
 */
function wireFrom(value: unknown, secrets: readonly string[]): Wire | undefined {
  if (typeof value === "string") {
    const isSecret = secrets.some((secret) => value.includes(secret));
    return isSecret ? toWire(cleanText(value, LONGEST, NONE), true) : cleanMessage(value);
  }
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map((item: unknown) => wireFrom(item, secrets) ?? null);
  return typeof value === "object" && value !== null ? outputsOf(value, secrets) : undefined;
}
