import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { storableTriggers } from "../../../sdk/triggers";

class Release {
  constructor(readonly version = "1") {}
}

/** What Pulumi does not store as it is, and what the refusal says. */
const REFUSED: readonly [string, () => unknown, RegExp][] = [
  ["a Date", () => new Date(), /is a Date, which Pulumi stores as \{\}: use date\.toISOString\(\)/],
  ["a Map", () => new Map([["a", 1]]), /is a Map, .*use an array/],
  ["a Set", () => new Set([1]), /is a Set, .*use an array/],
  ["a BigInt", () => 10n, /is a BigInt, .*String\(value\)/],
  ["an instance of a class", () => new Release(), /is an instance of Release/],
  ["bytes", () => Buffer.from("a"), /holds bytes.*base64/],
  ["a function", () => () => 1, /is a function/],
  ["NaN", () => Number.NaN, /not a finite number/],
];

const ACCEPTED: unknown[] = [
  "1.18.0",
  1,
  true,
  null,
  [1, ["a"]],
  { version: "1", nested: { list: [1, null], emptyDir: {} } },
  [],
];

/** The first failure of a trigger that is known only later. */
function later(triggers: pulumi.Input<pulumi.Input<unknown>[]>): Promise<string> {
  return (pulumi.output(triggers) as unknown as { promise(): Promise<unknown> }).promise().then(
    () => "accepted",
    (error: unknown) => (error as Error).message,
  );
}

describe("triggers", () => {
  for (const [what, make, refusal] of REFUSED) {
    it(`cannot be ${what}, on its own, nested, or known later`, async () => {
      expect(() => storableTriggers("pre", [make()])).to.throw(pulumi.RunError, refusal);
      expect(() => storableTriggers("pre", ["a", { inner: [make()] }])).to.throw(
        pulumi.RunError,
        /^pre: triggers\[1\]\.inner\[0\] /,
      );
      expect(await later(storableTriggers("pre", Promise.resolve([make()])))).to.match(refusal);
      const output = pulumi.output("x").apply(() => make());
      expect(await later(storableTriggers("pre", [output]))).to.match(refusal);
    });
  }

  it("cannot hold themselves", () => {
    const circular: unknown[] = [{}];
    (circular[0] as Record<string, unknown>).inner = circular;
    expect(() => storableTriggers("pre", circular)).to.throw(
      pulumi.RunError,
      "pre: triggers[0].inner holds itself: use a string",
    );
    const shared = { version: "1" };
    expect(storableTriggers("pre", [shared, shared])).to.deep.equal([shared, shared]);
  });

  it("can be any plain values, which stay as they are", async () => {
    expect(storableTriggers("pre", ACCEPTED)).to.deep.equal(ACCEPTED);
    expect(await later(storableTriggers("pre", [pulumi.output({ a: "b" }), Promise.resolve("x")]))).to.equal(
      "accepted",
    );
  });
});
