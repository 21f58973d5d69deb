import { expect } from "chai";
import { checkRows, fromText, holdsSecret, problemWith, readRow, readRows } from "../../../provider/args/kinds";
import { CONNECTION } from "../../../provider/args/tables/connection";
import { type Noun, NOUNS } from "../../../provider/args/tables/nouns";
import type { Kind, Row } from "../../../provider/args/tables/row";
import { SNAPSHOT } from "../../../provider/args/tables/snapshot";

const UNKNOWN = Symbol("unknown");
const ALL = Object.keys(NOUNS) as Noun[];
const rowOf = (kind: Kind, more: Partial<Row> = {}): Row => ({ kind, documentation: "", ...more });

describe("a kind of argument", () => {
  const kinds: readonly (readonly [string, Row, readonly unknown[], readonly [unknown, RegExp][]])[] = [
    ["string", rowOf({ type: "string" }), ["a", ""], [[7, /^x must be a string$/]]],
    ["boolean", rowOf({ type: "boolean" }), [true, false], [["yes", /^x must be true or false$/]]],
    [
      "integer",
      rowOf({ type: "integer" }, { without: "all" }),
      [1, 75],
      [
        [0, /^x must be a positive integer; omit it for all$/],
        [1.5, /positive integer/],
        ["7", /positive integer/],
        [2 ** 60, /positive integer/],
      ],
    ],
    [
      "duration",
      rowOf({ type: "duration", positive: true }),
      ["20h", "PT20H"],
      [
        [7, /^x must be a duration such as/],
        ["soon", /^x: "soon" is not a duration\. Write a number/],
        ["0s", /^x must be greater than zero$/],
      ],
    ],
    ["duration that may be zero", rowOf({ type: "duration" }), ["0s"], [["", /is not a duration/]]],
    [
      "timeout",
      rowOf({ type: "timeout" }),
      ["30s", 0.5, "7d"],
      [
        [0, /^x must be greater than zero and at most 7 days$/],
        [Number.NaN, /greater than zero/],
        ["8d", /at most 7 days/],
        [true, /a number of seconds/],
      ],
    ],
    ["time", rowOf({ type: "time" }), ["2026-11-24T00:00:00Z"], [["2026-11-24", /^x must be a time with its zone/]]],
    ["choice", rowOf({ type: "choice", choices: ["a", "b"] }), ["a"], [["c", /^x must be one of "a", "b"$/]]],
    [
      "list",
      rowOf({ type: "list", of: { type: "string" }, nonEmpty: true }),
      [["a"], ["a", UNKNOWN]],
      [
        ["a", /^x must be a list of strings$/],
        [[7], /list of strings/],
        [[""], /list of strings/],
        [[], /^x is empty: it must be a list of strings$/],
      ],
    ],
    [
      "object",
      rowOf({ type: "object", noun: "inspect", orFalse: true }),
      [{}, false],
      [
        [true, /^x must be \{ kvDepth, kvFilter \}$/],
        [[], /must be \{/],
        ["a", /must be \{/],
      ],
    ],
    ["any", rowOf({ type: "any" }), [7, "a", {}], []],
  ];
  for (const [name, row, right, wrong] of kinds) {
    it(`${name} takes what it is, and says what it must be`, () => {
      for (const value of [...right, UNKNOWN]) expect(problemWith("x", row, value)).to.equal(undefined);
      for (const [value, reason] of wrong) expect(problemWith("x", row, value)).to.match(reason);
    });
  }

  it("is read as its value: times in milliseconds, without what is unknown", () => {
    expect(readRow(rowOf({ type: "duration" }), "PT1M")).to.equal(60_000);
    expect(readRow(rowOf({ type: "timeout" }), 1.5)).to.equal(1500);
    expect(readRow(rowOf({ type: "list", of: { type: "string" } }), ["a", UNKNOWN])).to.deep.equal(["a"]);
    for (const value of [undefined, null, UNKNOWN, 7]) {
      expect(readRow(rowOf({ type: "timeout" }, { default: "30s" }), value)).to.equal(value === 7 ? 7000 : 30_000);
      expect(readRow(rowOf({ type: "string" }), value)).to.equal(undefined);
    }
  });

  it("is read from the text of configuration", () => {
    expect(fromText({ type: "boolean" }, "T")).to.equal(true);
    expect(fromText({ type: "boolean" }, "maybe")).to.equal(undefined);
    expect(fromText({ type: "timeout" }, "90")).to.equal(90);
    expect(fromText({ type: "timeout" }, "90s")).to.equal("90s");
    expect(fromText({ type: "integer" }, " 4 ")).to.equal(4);
    expect(fromText({ type: "integer" }, "many")).to.equal(undefined);
    expect(fromText({ type: "list", of: { type: "any" } }, "[1]")).to.deep.equal([1]);
    expect(fromText({ type: "list", of: { type: "any" } }, "[")).to.equal(undefined);
    expect(fromText({ type: "string" }, "true")).to.equal("true");
  });
});

describe("a table of arguments", () => {
  it("has defaults of the right kind, and none for what is required", () => {
    for (const noun of ALL) {
      for (const [name, row] of Object.entries<Row>(NOUNS[noun])) {
        if (row.default !== undefined) expect(problemWith(name, row, row.default), noun).to.equal(undefined);
        if (row.required) expect({ ...row, name }).to.not.have.any.keys("default", "without");
        if (row.without !== undefined) expect(row, `${noun}.${name}`).to.not.have.property("default");
        expect(row.documentation, `${noun}.${name}`).to.match(/^[A-Z`"].*\.$/);
      }
    }
  });

  it("says of each argument of a resource, and of each setting of a connection, what a change does", () => {
    for (const noun of ["snapshot", "restore", "connection"] as const) {
      for (const [name, { effect }] of Object.entries(NOUNS[noun])) expect(effect, name).to.be.a("string");
    }
  });

  it("names each environment variable once", () => {
    const variables = ALL.flatMap((noun) =>
      Object.values<Row>(NOUNS[noun]).flatMap(({ environment }) => environment?.variable ?? []),
    );
    expect(new Set(variables).size).to.equal(variables.length);
  });

  it("stores no secret in state", () => {
    for (const noun of ["snapshot", "restore", "connection"] as const) {
      for (const [name, row] of Object.entries<Row>(NOUNS[noun])) {
        if (row.secret === true) expect(row.effect, name).to.equal("none");
      }
    }
  });

  it("is checked with what it contains, and names what is misspelled instead of what is missing", () => {
    const reasons = (values: object): string[] =>
      checkRows("snapshot", values as Readonly<Record<string, unknown>>, { owner: "X" }).map(({ reason }) => reason);
    expect(reasons({ target: "./b/", retention: { keepLast: 0, keepWithin: "x" } })).to.have.lengthOf(2);
    expect(reasons({ tarjet: "./b/" })).to.deep.equal(["tarjet is not an argument of X: did you mean target?"]);
    expect(reasons({ colour: "./b/" })).to.have.lengthOf(2);
    expect(reasons({ constructor: "./b/", target: "./b/" })).to.have.lengthOf(1);
    expect(reasons({ target: "./b/", encryption: { recipient: "x" } })).to.deep.equal([
      "encryption.recipient is not a setting: did you mean recipients?",
    ]);
    expect(reasons({ target: null })).to.deep.equal(["target is required: a path such as ./backups/, or a URL"]);
    expect(reasons({ target: UNKNOWN, maxAge: UNKNOWN, retention: { keepLast: UNKNOWN } })).to.deep.equal([]);
    expect(reasons({ target: "./b/", maxAge: null, other: undefined })).to.deep.equal([]);
  });

  it("shows no value that may be a secret, and no path to one", () => {
    const secret = "hunter2-hunter2";
    for (const noun of ALL) {
      for (const [name, row] of Object.entries(NOUNS[noun])) {
        if (!holdsSecret(row)) continue;
        for (const value of [secret, [secret], [7, secret], { [name]: secret }, 7]) {
          for (const { path, reason } of checkRows(noun, { [name]: value }, {})) {
            expect(reason, `${noun}.${name}`).to.not.include(secret);
            if (reason.startsWith(`${name} `)) expect(path, `${noun}.${name}`).to.equal(undefined);
          }
        }
      }
    }
  });

  it("is read with its defaults", () => {
    expect(readRows(CONNECTION, undefined)).to.include({ address: "127.0.0.1:8500", idleTimeout: 120_000 });
    expect(readRows(SNAPSHOT, { target: "./b/", maxAge: "1h", overwrite: UNKNOWN })).to.include({
      target: "./b/",
      maxAge: 3_600_000,
      overwrite: false,
      consistency: "consistent",
      series: undefined,
    });
  });
});
