import { expect } from "chai";
import { jsonMistake } from "../../../agent/config/jsonMistake";

const VALID = '{\n  "a": [1, -2.5e+3, true, "x \\u00e4\\n", {}, []],\n  "b": {"c": null}\n}\n';

describe("a mistake in JSON", () => {
  for (const [text, mistake] of [
    ['{"a": 1\n "b": 2}', "line 2, column 2: a comma or } is expected"],
    ['{"a": [1 2]}', "line 1, column 10: a comma or ] is expected"],
    ["{\n  a: 1}", "line 2, column 3: a name in double quotes, or } is expected"],
    ['{"a" 1}', "line 1, column 6: a colon is expected"],
    ['{"a": tru}', "line 1, column 7: a value is expected"],
    ['{"a": 01}', "line 1, column 7: a value is expected"],
    ["{\"a\": 'b'}", "line 1, column 7: a value is expected"],
    ['{"a": }', "line 1, column 7: a value is expected"],
    ['{"a": "no end}\n', "line 1, column 7: a value is expected"],
    ['{"a": [1, 2}', "line 1, column 12: a comma or ] is expected"],
    ['{"a": 1}}', "line 1, column 9: nothing more is expected"],
    ['{"a": 1,\r\n\r\n// why\r\n"b": 2}', "line 3, column 1: a name in double quotes, or } is expected"],
    ['{\n"a": {\n"b": 1\n\n', "line 3, column 7: the file ends, but a comma or } is expected"],
    ["", "line 1, column 1: the file ends, but a value is expected"],
  ] as const) {
    it(`is found at its line and column: ${JSON.stringify(text)}`, () => {
      expect(jsonMistake(text)).to.equal(mistake);
    });
  }

  it("is not found in what is JSON, also with a comma before a closing bracket", () => {
    expect(jsonMistake(VALID)).to.equal(undefined);
    expect(jsonMistake('{"a": [1,],}')).to.equal(undefined);
  });

  it("is found wherever JSON.parse finds one: each character of a text left out or doubled", () => {
    const isJson = (text: string): boolean => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    for (let at = 0; at < VALID.length; at++) {
      for (const text of [VALID.slice(0, at) + VALID.slice(at + 1), VALID.slice(0, at) + VALID.slice(at - 1)]) {
        // A comma before a closing bracket is accepted.
        if (!/,\s*[}\]]/.test(text)) expect(jsonMistake(text) === undefined, text).to.equal(isJson(text));
      }
    }
  });
});
