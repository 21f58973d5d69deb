import { expect } from "chai";
import { secretArguments } from "../../../provider/hosts/plugin/secretArguments";
import {
  fromWire,
  joinMarks,
  marksIn,
  refusedIn,
  secretsIn,
  toWire,
  valuesToWire,
  type Wire,
} from "../../../provider/hosts/values";
import { NOUNS } from "../../../provider/args/tables/nouns";
import { UNKNOWN } from "../../../provider/lifecycle";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function secret(value: Wire): Wire {
  return { [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value };
}

describe("values of the plugin's protocol", () => {
  it("are read without what describes them, and unknown ones of every type as unknown", () => {
    const unknown = [
      UNKNOWN_STRING,
      "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
      "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
      "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
      "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    ];
    expect(fromWire(unknown)).to.deep.equal(unknown.map(() => UNKNOWN));
    expect(fromWire({ a: secret({ b: [1, secret("c")] }), d: null, e: false })).to.deep.equal({
      a: { b: [1, "c"] },
      d: null,
      e: false,
    });
    expect(fromWire({ [SIGNATURE]: "5cf8f73096256a8f31e491e813e4eb8e", urn: "u", id: "i" })).to.equal("i");
    const output = { [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", dependencies: [] };
    expect(fromWire(output)).to.equal(UNKNOWN);
    expect(fromWire({ ...output, value: "known" })).to.equal("known");
  });

  it("are written as they were read, each secret in its place", () => {
    const wire = {
      triggers: ["1", secret("2")],
      connection: { token: secret("t"), address: "a" },
      whole: secret({ b: 1 }),
    };
    expect(toWire(fromWire(wire), marksIn(wire))).to.deep.equal(wire);
    expect(toWire(fromWire(wire))).to.not.deep.equal(wire);
    expect(toWire([UNKNOWN, { a: UNKNOWN }])).to.deep.equal([UNKNOWN_STRING, { a: UNKNOWN_STRING }]);
  });

  it("an output of the name of a secret argument is secret, as far as it has the same parts", () => {
    const marks = marksIn({ triggers: [secret("1"), "2"], connection: { token: secret("t") }, other: secret("o") });
    expect(valuesToWire({ triggers: ["1", "2"], connection: { address: "a" }, index: 7 }, marks)).to.deep.equal({
      triggers: [secret("1"), "2"],
      connection: { address: "a" },
      index: 7,
    });
  });

  it("marks of two places are joined: all of a value is more than a part of it", () => {
    const one = marksIn({ a: { b: secret(1) }, c: secret(1) });
    const other = marksIn({ a: { d: secret(1) }, c: { e: secret(1) } });
    const value = { a: { b: 1, d: 1, f: 1 }, c: { e: 1 } };
    expect(toWire(value, joinMarks(one, other))).to.deep.equal({
      a: { b: secret(1), d: secret(1), f: 1 },
      c: secret({ e: 1 }),
    });
    expect(joinMarks(undefined, one)).to.equal(one);
  });

  it("secrets are found in every depth, and nothing else is", () => {
    const wire = {
      a: secret({ b: ["one", { c: "two" }], n: 5 }),
      d: "open",
      e: [secret("three"), secret(UNKNOWN_STRING)],
    };
    expect(secretsIn(wire)).to.have.members(["one", "two", "three"]);
  });

  it("an asset and an archive of Pulumi are refused by their path, also in a secret", () => {
    const asset = { [SIGNATURE]: "c44067f5952c0a294b673a41bacd8c17", text: "x" };
    const archive = { [SIGNATURE]: "0def7320c3a5731c473e5ecbe6d01bc7", path: "x" };
    expect(refusedIn({ target: asset, triggers: ["1", secret(archive)], connection: { caPem: asset } })).to.deep.equal([
      "target is an asset, which this provider does not take: use a string",
      "triggers[1] is an archive of Pulumi, which this provider does not take: use a string",
      "connection.caPem is an asset, which this provider does not take: use a string",
    ]);
    expect(refusedIn({ target: "x", triggers: [secret({ a: 1 })] })).to.deep.equal([]);
  });

  it("an argument that a table calls secret is, though the program does not say so", () => {
    const values = {
      tokenAfterRestore: "t",
      connection: { token: "t", address: "a" },
      decryption: { identities: ["i"] },
    };
    expect(toWire(values, secretArguments(NOUNS.restore, values))).to.deep.equal({
      tokenAfterRestore: secret("t"),
      connection: { token: secret("t"), address: "a" },
      decryption: { identities: secret(["i"]) },
    });
    expect(secretArguments(NOUNS.snapshot, { target: "x", connection: UNKNOWN })).to.equal(undefined);
  });
});
