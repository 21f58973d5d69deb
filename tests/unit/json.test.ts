import { expect } from "chai";
import fc from "fast-check";
import { parseJson } from "../../provider/json";

describe("JSON from outside", () => {
  it("is what JSON.parse makes of it", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJson(Buffer.from(text))).to.deep.equal(JSON.parse(text));
      }),
    );
  });

  it("is nothing where it is not JSON", () => {
    for (const text of ["", "{", "]", '"', "{a:1}", "[1,]", '"\\'])
      expect(parseJson(Buffer.from(text)), text).to.equal(undefined);
  });

  it("may have any string", () => {
    const hostile = ["[".repeat(1000), ",".repeat(200_000), '"[{\\', "\\".repeat(1001)];
    expect(parseJson(Buffer.from(JSON.stringify(hostile)))).to.deep.equal(hostile);
  });

  it("is not parsed where its parts would keep the event loop for long", () => {
    const texts = {
      "nested lists": "[".repeat(2_000_000) + "]".repeat(2_000_000),
      "nested objects": '{"a":'.repeat(500) + "1" + "}".repeat(500),
      "many values": `[${"1,".repeat(2_000_000)}1]`,
      "many fields": `{${Array.from({ length: 30_000 }, (_, at) => `"${at}":0`).join(",")}}`,
      "many objects": `[${"{},".repeat(1_000_000)}1]`,
    };
    for (const [name, text] of Object.entries(texts)) expect(parseJson(Buffer.from(text)), name).to.equal(undefined);
  });
});
