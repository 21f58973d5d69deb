import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { NOUNS } from "../../../provider/args/tables/nouns";
import { withSecrets } from "../../../sdk/secrets";

/** Whether the SDK marks it; what is nested is looked up by its path. */
async function isMarked(args: object, ...path: readonly string[]): Promise<boolean> {
  let value: unknown = withSecrets(args);
  for (const name of path) {
    if (pulumi.Output.isInstance(value))
      value = await new Promise((known) => (value as pulumi.Output<unknown>).apply(known));
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return pulumi.Output.isInstance(value) && pulumi.isSecret(value);
}

describe("the secrets that the SDK marks", () => {
  for (const noun of ["connection", "decryption"] as const) {
    for (const [name, row] of Object.entries(NOUNS[noun])) {
      it(`${noun}.${name} is ${row.secret === true ? "one" : "none"}`, async () => {
        const isSecret = row.secret === true;
        expect(await isMarked({ [noun]: { [name]: "x" } }, noun, name)).to.equal(isSecret);
        expect(await isMarked({ [noun]: Promise.resolve({ [name]: "x" }) }, noun, name)).to.equal(isSecret);
      });
    }
  }

  for (const noun of ["snapshot", "restore"] as const) {
    it(`are those of the table of a ${noun}`, async () => {
      for (const [name, row] of Object.entries(NOUNS[noun])) {
        expect(await isMarked({ [name]: {} }, name), name).to.equal(row.secret === true);
      }
    });
  }

  it("include a misspelled setting, and what is written in place of an object", async () => {
    expect(await isMarked({ connection: { tokn: "x" } }, "connection", "tokn")).to.equal(true);
    expect(await isMarked({ decryption: { identites: ["x"] } }, "decryption", "identites")).to.equal(true);
    for (const decryption of ["AGE-SECRET-KEY-1", ["AGE-SECRET-KEY-1"], null]) {
      expect(await isMarked({ decryption }, "decryption")).to.equal(true);
    }
  });

  it("leave out what is undefined", () => {
    expect(withSecrets({ connection: undefined, tokenAfterRestore: undefined, target: "./b/" })).to.deep.equal({
      connection: undefined,
      tokenAfterRestore: undefined,
      target: "./b/",
    });
  });
});
