/**
 * Converts values between the JSON of Pulumi's protocol and the form of the lifecycles. In the protocol, secrets,
 * assets and references are objects with a signature, and unknown values are fixed strings. A dynamic provider receives
 * the same form, with secrets in plain text. Pure.
 *
 * Signatures and strings: `sdk/go/common/resource/plugin/rpc.go` and `properties.go` of pulumi/pulumi, unchanged since
 * 3.0.
 */

import { isList, isRecord, UNKNOWN, type Value, type Values } from "../lifecycle";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";
/** Kinds of values that no argument accepts, by their names in messages. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ["c44067f5952c0a294b673a41bacd8c17", "an asset"],
  ["0def7320c3a5731c473e5ecbe6d01bc7", "an archive of Pulumi"],
]);

/** The protocol has one string for each type of unknown value; providers may answer with any of them. */
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const UNKNOWN_TEXTS: ReadonlySet<string> = new Set([
  UNKNOWN_TEXT,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** JSON of the protocol. */
export type Wire = null | boolean | number | string | readonly Wire[] | WireObject;
export interface WireObject {
  readonly [key: string]: Wire;
}

/** The secret parts of a value: all of it, or parts by key or index. */
export type Marks = true | ReadonlyMap<string, Marks>;

/** The value, with secrets unwrapped. */
export function fromWire(wire: Wire): Value {
  if (typeof wire === "string") return UNKNOWN_TEXTS.has(wire) ? UNKNOWN : wire;
  if (isWireList(wire)) return wire.map(fromWire);
  if (typeof wire !== "object" || wire === null) return wire;
  const signature = wire[SIGNATURE];
  if (signature === undefined) {
    return Object.fromEntries(Object.entries(wire).map(([key, value]) => [key, fromWire(value)]));
  }
  if (signature === SECRET) return fromWire(wire.value ?? null);
  if (signature === OUTPUT) return wire.value === undefined ? UNKNOWN : fromWire(wire.value);
  return signature === RESOURCE ? fromWire(wire.id ?? wire.urn ?? null) : null;
}

/** As `fromWire`, for an object. */
export function valuesFromWire(wire: WireObject): Values {
  const value = fromWire(wire);
  return isRecord(value) ? value : {};
}

/** The secret parts; `undefined` if there are none. */
export function marksIn(wire: Wire): Marks | undefined {
  if (typeof wire !== "object" || wire === null) return undefined;
  if (!isWireList(wire) && typeof wire[SIGNATURE] === "string") {
    if (wire[SIGNATURE] === SECRET || wire.secret === true) return true;
    return undefined;
  }
  return marksOfEntries(Object.entries(wire).map(([key, value]) => [key, marksIn(value)]));
}

/** Marks by key; `undefined` if no key has any. */
export function marksOfEntries(entries: readonly (readonly [string, Marks | undefined])[]): Marks | undefined {
  const marked = entries.filter((entry): entry is readonly [string, Marks] => entry[1] !== undefined);
  return marked.length === 0 ? undefined : new Map(marked);
}

/** The union of two marks. */
export function joinMarks(one: Marks | undefined, other: Marks | undefined): Marks | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one === true || other === true) return true;
  const keys = [...new Set([...one.keys(), ...other.keys()])];
  return marksOfEntries(keys.map((key) => [key, joinMarks(one.get(key), other.get(key))]));
}

/** The value in the protocol's JSON, with its marked parts as secrets. */
export function toWire(value: Value, marks?: Marks): Wire {
  if (marks === true) return { [SIGNATURE]: SECRET, value: toWire(value) };
  if (value === UNKNOWN) return UNKNOWN_TEXT;
  if (isList(value)) return value.map((item, at) => toWire(item, marks?.get(String(at))));
  return isRecord(value) ? valuesToWire(value, marks) : value;
}

/** As `toWire`, for an object that is not secret as a whole. */
export function valuesToWire(values: Values, marks?: Marks): WireObject {
  const inner = marks === true ? undefined : marks;
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, toWire(value, inner?.get(key))]));
}

/** All strings that are secret. */
export function secretsIn(wire: Wire, isSecret = false): string[] {
  if (typeof wire === "string") return isSecret && !UNKNOWN_TEXTS.has(wire) ? [wire] : [];
  if (typeof wire !== "object" || wire === null) return [];
  const within = isSecret || (!isWireList(wire) && (wire[SIGNATURE] === SECRET || wire.secret === true));
  return Object.entries(wire).flatMap(([key, value]) => (key === SIGNATURE ? [] : secretsIn(value, within)));
}

/** One sentence for each Pulumi asset or archive: no argument accepts one. */
export function refusedIn(wire: Wire, path = ""): string[] {
  if (typeof wire !== "object" || wire === null) return [];
  if (!isWireList(wire)) {
    const signature = wire[SIGNATURE];
    const what = typeof signature === "string" ? REFUSED.get(signature) : undefined;
    if (what !== undefined) return [`${path} is ${what}, which this provider does not take: use a string`];
    if (signature === SECRET || signature === OUTPUT) return refusedIn(wire.value ?? null, path);
  }
  const isItems = isWireList(wire);
  return Object.entries(wire).flatMap(([key, value]) => {
    const inner = isItems ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
    return refusedIn(value, inner);
  });
}

function isWireList(wire: Wire): wire is readonly Wire[] {
  return Array.isArray(wire);
}
