/** Rules that the table of structs cannot express, about the content of structs. Each prevents a failure of Consul. */

import { Head } from "./head";
import { queryTemplateProblem } from "./queryTemplate";
import { StructFields } from "./structFields";

/** By struct: what is wrong with its fields, as the end of a sentence. The kinds of the fields were already checked. */
const RULES: ReadonlyMap<string, (fields: StructFields) => string | undefined> = new Map([
  ["ACLToken", tokenProblem],
  ["PreparedQuery", queryTemplateProblem],
  ["ProxyConfigEntry", proxyDefaultsProblem],
  ["Session", sessionProblem],
  ["VirtualService", virtualServiceProblem],
  ["VirtualServiceName", virtualNameProblem],
]);

/** What is wrong with a struct that begins at a place; `undefined` if there is no rule for it. */
export function structProblem(name: string, buffer: Buffer, at: number): string | undefined {
  const rule = RULES.get(name);
  return rule === undefined ? undefined : rule(new StructFields(buffer, at));
}

/** The durations that Go's time.ParseDuration accepts, unless they are too long. The strings are bytes: "\u00c2\u00b5" is "µ". */
const DURATION = /^[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|\u00c2\u00b5s|\u00ce\u00bcs|ms|s|m|h))+)$/;
const DURATION_PART = /(\d*)\.?(\d*)(ns|us|\u00c2\u00b5s|\u00ce\u00bcs|ms|s|m|h)/g;
/** Maximum number of bytes; no real duration is as long. */
const MAX_DURATION_BYTES = 100;
/** Go counts nanoseconds in 63 bits. */
const MAX_NANOSECONDS = 2n ** 63n - 1n;
const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00c2\u00b5s": 1_000n,
  "\u00ce\u00bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/**
 * A new leader starts the timers of all sessions, and gives up its leadership if that fails: "Invalid Session TTL". The servers
 * keep running, but the cluster has no leader (seen in the log of 1.13.9; 1.12.9 and 1.14.11 also lose their leader).
 */
function sessionProblem(fields: StructFields): string | undefined {
  const ttl = fields.text("TTL");
  return ttl === "" || isDuration(ttl) ? undefined : "has a TTL that is not a duration";
}

function isDuration(text: string): boolean {
  if (text.length > MAX_DURATION_BYTES || !DURATION.test(text)) return false;
  let sum = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of text.matchAll(DURATION_PART)) {
    const scale = 10n ** BigInt(fraction.length);
    const scaled = BigInt(whole + fraction) * (NANOSECONDS[unit] ?? 0n);
    // Go computes fractions in floating point, so this rounds up.
    sum += (scaled + scale - 1n) / scale;
  }
  return sum <= MAX_NANOSECONDS;
}

/** The Unix epoch, in seconds since the year 1, as Go counts them. */
const EPOCH = 62_135_596_800n;

/** The state store indexes the time unless it is Go's zero time: "token expiration time cannot be before the unix epoch". */
function tokenProblem(fields: StructFields): string | undefined {
  const time = Buffer.from(fields.text("ExpirationTime"), "latin1");
  if (time.length < 15) return undefined;
  const seconds = time.readBigInt64BE(1);
  const isZero = seconds === 0n && time.readInt32BE(9) === 0;
  return seconds >= EPOCH || isZero ? undefined : "has an expiration time before 1970";
}

function virtualServiceProblem(fields: StructFields): string | undefined {
  return caseProblem(fields, ["ServiceName", "Peer", "Name"]);
}

function virtualNameProblem(fields: StructFields): string | undefined {
  return caseProblem(fields, ["Name"]);
}

/**
 * Since 1.15, servers compute a field from the protocol in `Config` when they restore the entry, and crash if it is not a
 * scalar: "'protocol' expected type 'string'" (ComputeProtocol in agent/structs/config_entry.go; the name is case-insensitive).
 */
function proxyDefaultsProblem(fields: StructFields): string | undefined {
  const config = fields.fields("Config");
  const isNested = (name: string): boolean => {
    let kind = "nil";
    config?.visit(name, (buffer, at) => (kind = new Head().read(buffer, at).kind));
    return kind === "list" || kind === "map";
  };
  const isProtocol = (name: string): boolean => name.toLowerCase() === "protocol";
  return config?.names.some((name) => isProtocol(name) && isNested(name)) === true
    ? "has a protocol that is not a string"
    : undefined;
}

/** Only here, Consul decodes with mapstructure, where names are case-insensitive. */
function caseProblem(fields: StructFields, known: readonly string[]): string | undefined {
  const lower = known.map((name) => name.toLowerCase());
  const isOther = fields.names.some((name) => !known.includes(name) && lower.includes(name.toLowerCase()));
  return isOther ? "has a name in another case" : undefined;
}
