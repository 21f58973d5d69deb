import { expect } from "chai";
import { type Exported, exportRecords } from "../../../provider/contents/export";
import { getKey } from "../../../provider/contents/keys";
import { archiveOf } from "../../fixtures/archive";
import { keyValue, stateOf, type StateRecord } from "../../fixtures/state";

const source = (archive: Buffer) => ({
  label: "an archive",
  async *open() {
    await Promise.resolve();
    yield archive;
  },
});
const holding = (...records: StateRecord[]) => source(archiveOf(stateOf(records)));

async function exported(from: ReturnType<typeof source>, what: Exported = "keys", prefix = "") {
  const pieces = exportRecords(from, what, prefix);
  let text = "";
  for (;;) {
    const step = await pieces.next().catch((error: unknown) => ({ done: true as const, value: error }));
    if (step.done === true) return { text, end: step.value };
    text += step.value;
  }
}

describe("an export", () => {
  it("is no JSON where the archive turns out to be invalid", async () => {
    const archive = archiveOf(
      stateOf(Array.from({ length: 3000 }, (_, at) => keyValue(`k${at}`, String(Math.sin(at))))),
    );
    const { text, end } = await exported(source(archive.subarray(0, -20)));
    expect(text).to.match(/^\[\n\t\{/);
    expect(() => JSON.parse(text) as unknown).to.throw();
    expect(end).to.include({ code: "ARCHIVE_TRUNCATED" });
  });

  it("is an empty list where nothing fits, and has what begins with the prefix", async () => {
    const archive = holding(keyValue("a/1", "x"), keyValue("ab", "y"));
    expect(await exported(archive, "keys", "z")).to.deep.equal({
      text: "[]\n",
      end: { count: 0, omissions: { tokens: 0, sessions: 0 } },
    });
    expect(JSON.parse((await exported(archive, "keys", "a/")).text)).to.deep.equal([
      { key: "a/1", flags: 0, value: "eA==" },
    ]);
  });

  it("refuses a key that JSON cannot hold", async () => {
    const record = keyValue("k", "v");
    const value = { ...(record.value as object), Key: Buffer.from([0xff]) };
    expect((await exported(holding({ type: 2, value }))).end).to.include({ code: "ARGUMENT_INVALID" });
  });

  it("leaves the token of a prepared query out, and counts it", async () => {
    const query = { ID: "an-id", Name: "q", Token: "a-secret-token", Service: { Service: "web" } };
    const { text, end } = await exported(holding({ type: 7, value: query }), "prepared-queries");
    expect(JSON.parse(text)).to.deep.equal([{ Name: "q", Service: { Service: "web" } }]);
    expect(end).to.deep.equal({ count: 1, omissions: { tokens: 1, sessions: 0 } });
  });

  it("of one value has values beyond the size of records that are held otherwise", async () => {
    const large = Buffer.alloc(3 * 1024 * 1024, "large ");
    expect((await getKey(holding(keyValue("a", "1"), keyValue("large", large)), "large"))?.value).to.deep.equal(large);
    expect(await getKey(holding(keyValue("a", "1")), "b")).to.equal(undefined);
  });
});
