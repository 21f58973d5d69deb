import { expect } from "chai";
import { restorableBy } from "../../../provider/catalog/archiveFacts";
import { archiveOf } from "../../fixtures/archive";
import { readArchive } from "../../fixtures/reading";
import { filledRecord } from "../../fixtures/recordMutants";
import { keyValue, type StateRecord, stateOf } from "../../fixtures/state";

const judge = async (state: Buffer, version?: string) => restorableBy(await readArchive(archiveOf(state)), version);

describe("what is known of an archive whose Consul version is unknown", () => {
  const badKey: StateRecord = { type: 2, value: { Key: "a", ModifyIndex: "five" } };
  const hopeless: Record<string, Buffer> = {
    "a state that cannot be decoded": Buffer.concat([stateOf([keyValue("a", "1")]), Buffer.from([2, 0xc1])]),
    "a state that is cut off": stateOf([]).subarray(0, 12),
    "no state": Buffer.alloc(0),
    "a field of another kind": stateOf([badKey]),
    "an entry of Raft's log": stateOf([{ type: 1, value: {} }]),
    "a type without a version": stateOf([{ type: 8, value: {} }]),
  };
  for (const [name, state] of Object.entries(hopeless)) {
    it(`no version restores ${name}`, async () => {
      for (const version of [undefined, "unknown"]) {
        const restorable = await judge(state, version);
        expect(restorable?.ok).to.equal(false);
        expect(restorable?.reasons).to.not.be.empty;
      }
    });
  }

  it("nothing is said where any version restores it", async () => {
    const restored = {
      keys: [keyValue("a", "1")],
      "records of old versions alone": [filledRecord(4)],
      "records of new versions alone": [{ type: 38, value: "\x12\x01p" }],
      "records of Enterprise": [{ type: 65, value: "namespace" }],
    };
    for (const [name, records] of Object.entries(restored))
      expect(await judge(stateOf(records)), name).to.equal(undefined);
  });
});
