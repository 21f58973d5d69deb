/**
 * Parses JSON from outside. `JSON.parse` is synchronous: four megabytes of brackets block the event loop, and so all
 * signals and limits, for seconds. So the text is measured before it is parsed.
 */

/** No response of Consul, manifest, receipt or ledger exceeds either; field names count as values. */
const MAX_DEPTH = 64;
const MAX_VALUES = 50_000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LIST = 0x5b;
const END_OF_LIST = 0x5d;
const OBJECT = 0x7b;
const END_OF_OBJECT = 0x7d;

/** The value of a JSON text in UTF-8; `undefined` if it is not JSON, or exceeds the limits. */
export function parseJson(bytes: Uint8Array): unknown {
  if (!isModest(bytes)) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}

function isModest(bytes: Uint8Array): boolean {
  let depth = 0;
  let values = 1;
  let isString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) isString = !isString;
    else if (isString) {
      if (byte === BACKSLASH) at++;
    } else if (byte === COMMA || byte === COLON) values++;
    else if (byte === LIST || byte === OBJECT) {
      values++;
      depth++;
    } else if (byte === END_OF_LIST || byte === END_OF_OBJECT) depth--;
    if (depth > MAX_DEPTH || values > MAX_VALUES) return false;
  }
  return true;
}
