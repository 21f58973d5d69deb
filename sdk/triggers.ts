/**
 * Checks that Pulumi can store triggers. Pulumi stores a Date, a Map or a Set as `{}`, and an instance of a class as its fields.
 * Such a trigger would never change, so no snapshot would be taken again. If Pulumi's SDK has already converted a value in an
 * Output to `{}`, the provider refuses it.
 */

import * as pulumi from "@pulumi/pulumi";
import type { ConsulSnapshotArgs } from "./args";

type Triggers = NonNullable<ConsulSnapshotArgs["triggers"]>;

/**
 * Returns the same triggers. Triggers that become known later are checked then.
 *
 * @param name - name of the resource, for the message
 * @throws RunError for a value that Pulumi does not store unchanged: one sentence, without a stack trace
 */
export function storableTriggers(name: string, triggers: Triggers): Triggers {
  return storable(triggers, `${name}: triggers`) as Triggers;
}

/** @param above - the objects that contain this value */
function storable(value: unknown, path: string, above: readonly unknown[] = []): unknown {
  if (value instanceof Promise) return value.then((known: unknown) => storable(known, path));
  if (pulumi.Output.isInstance(value)) return value.apply((known: unknown) => storable(known, path));
  const problem = above.includes(value) ? "holds itself: use a string" : problemWith(value);
  if (problem !== undefined) throw new pulumi.RunError(`${path} ${problem}`);
  if (typeof value !== "object" || value === null) return value;
  const within = [...above, value];
  if (Array.isArray(value)) return value.map((item, at) => storable(item, `${path}[${at}]`, within));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, storable(inner, `${path}.${key}`, within)]),
  );
}

/** Why Pulumi does not store a value unchanged, and what to write instead; `undefined` if it does. */
function problemWith(value: unknown): string | undefined {
  if (typeof value === "bigint") return "is a BigInt, which Pulumi does not store: use String(value)";
  if (typeof value === "function" || typeof value === "symbol") {
    return `is a ${typeof value}, which Pulumi does not store: use a string`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) return "is not a finite number: use a string";
  return typeof value !== "object" || value === null || Array.isArray(value) ? undefined : problemWithObject(value);
}

function problemWithObject(value: object): string | undefined {
  if (value instanceof Date) return "is a Date, which Pulumi stores as {}: use date.toISOString()";
  if (value instanceof Map || value instanceof Set) {
    return `is a ${value.constructor.name}, which Pulumi stores as {}: use an array, [...value]`;
  }
  if (ArrayBuffer.isView(value)) return 'holds bytes: use a string, such as buffer.toString("base64")';
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `is an instance of ${className(value)}, which Pulumi stores without its class: use a string or a plain object`;
  }
  return undefined;
}

function className(value: object): string {
  const { constructor } = value as { readonly constructor?: { readonly name?: unknown } };
  return typeof constructor?.name === "string" && constructor.name !== "" ? constructor.name : "a class";
}
