/**
 * Where a text stops being JSON. `JSON.parse` says so only in some versions of Node.js and for some mistakes, and it quotes
 * the text, which may contain a secret.
 */

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const OTHER_SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y;

/** What may come next, in words. */
const EXPECTED = {
  value: "a value",
  item: "a value or ]",
  name: "a name in double quotes, or }",
  colon: "a colon",
  endOfItem: "a comma or ]",
  endOfField: "a comma or }",
  end: "nothing more",
} as const;
type Expected = keyof typeof EXPECTED;

/** What follows an opening bracket, or a comma: a comma before a closing bracket is accepted. */
const FIRST = { "{": "name", "[": "item" } as const;
const SEPARATOR = { "{": "endOfField", "[": "endOfItem" } as const;

/**
 * The first mistake.
 *
 * @returns a clause that quotes nothing of the text; `undefined` if there is none
 */
export function jsonMistake(text: string): string | undefined {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  const ended = (): Expected => {
    const innermost = open.at(-1);
    return innermost === undefined ? "end" : SEPARATOR[innermost];
  };
  let at = endOf(SPACE, text, 0);
  for (; at < text.length; at = endOf(SPACE, text, at)) {
    const next = text[at] ?? "";
    const isValueNext = expected === "value" || expected === "item";
    let length = 1;
    if (isValueNext && (next === "{" || next === "[")) {
      open.push(next);
      expected = FIRST[next];
    } else if (next === "]" ? expected === "item" || expected === "endOfItem" : next === "}" && isFieldEnd(expected)) {
      open.pop();
      expected = ended();
    } else if (next === "," && (expected === "endOfItem" || expected === "endOfField")) {
      expected = expected === "endOfItem" ? "item" : "name";
    } else if (next === ":" && expected === "colon") {
      expected = "value";
    } else {
      const isString = expected === "name" || (isValueNext && next === '"');
      length = endOf(isString ? STRING : OTHER_SCALAR, text, at) - at;
      if (length === 0 || !(isString || isValueNext)) return `${placeIn(text, at)}: ${EXPECTED[expected]} is expected`;
      expected = expected === "name" ? "colon" : ended();
    }
    at += length;
  }
  if (expected === "end") return undefined;
  return `${placeIn(text, text.trimEnd().length)}: the file ends, but ${EXPECTED[expected]} is expected`;
}

function isFieldEnd(expected: Expected): boolean {
  return expected === "name" || expected === "endOfField";
}

/** Where a match that begins there ends; the same place if there is none. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function placeIn(text: string, at: number): string {
  const lines = text.slice(0, at).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
