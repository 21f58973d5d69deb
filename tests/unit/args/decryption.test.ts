import { expect } from "chai";
import { UNKNOWN, type Value } from "../../../provider/lifecycle";
import { checkDecryption, readDecryption } from "../../../provider/args/decryption";

const IDENTITY = "AGE-SECRET-KEY-1QQQSECRETQQQ";

describe("decryption", () => {
  const fine: readonly (readonly [string, Value | undefined, object])[] = [
    ["nothing", undefined, { identities: [], identityFiles: [] }],
    ["identities", { identities: [IDENTITY] }, { identities: [IDENTITY], identityFiles: [] }],
    ["files", { identityFiles: ["a", "b"] }, { identities: [], identityFiles: ["a", "b"] }],
    ["both", { identities: [IDENTITY], identityFiles: ["a"] }, { identities: [IDENTITY], identityFiles: ["a"] }],
    ["null beside files", { identities: null, identityFiles: ["a"] }, { identities: [], identityFiles: ["a"] }],
    ["unknown", UNKNOWN, { identities: [], identityFiles: [] }],
    ["unknown identities", { identities: UNKNOWN }, { identities: [], identityFiles: [] }],
    ["one unknown path", { identityFiles: [UNKNOWN, "b"] }, { identities: [], identityFiles: ["b"] }],
  ];
  for (const [name, value, read] of fine) {
    it(`takes ${name}`, () => {
      expect(checkDecryption(value)).to.deep.equal([]);
      expect(readDecryption(value)).to.deep.equal(read);
    });
  }

  const wrong: readonly (readonly [string, Value, string])[] = [
    ["an identity alone", IDENTITY, "must be an object"],
    ["a list", [IDENTITY], "must be an object"],
    ["nothing in it", {}, "specifies no identity"],
    ["only nulls", { identities: null }, "specifies no identity"],
    ["an identity that is no list", { identities: IDENTITY }, "must be a list of identities"],
    ["no identities", { identities: [] }, "is empty"],
    ["no files", { identityFiles: [] }, "is empty"],
    ["an empty path", { identityFiles: [""] }, "must be a list of paths"],
    ["a number", { identities: [IDENTITY, 7] }, "must be a list of identities"],
    ["a slip of the pen", { identites: [IDENTITY] }, "did you mean identities?"],
    ["another name", { passphrase: IDENTITY }, "known are identities, identityFiles"],
    ["an identity as a file", { identityFiles: ["key.txt", IDENTITY] }, "specify it in decryption.identities"],
  ];
  for (const [name, value, said] of wrong) {
    it(`refuses ${name}, and shows no identity`, () => {
      const problems = checkDecryption(value);
      expect(problems, "one problem").to.have.lengthOf(1);
      expect(problems[0]?.reason).to.include(said).and.not.include("SECRETQQQ");
    });
  }
});
