import { expect } from "chai";
import { PLAIN_KV_VALUES, PlainKv } from "../../../../provider/archive/state/plainKv";
import { recordProblem } from "../../../../provider/archive/state/recordCheck";
import { Scanner } from "../../../../provider/archive/state/scanner";
import { Undecodable } from "../../../../provider/archive/state/head";
import { encode, keyValue, type Value } from "../../../fixtures/state";

const RECORDS: readonly Buffer[] = [
  encode(keyValue("a", "").value),
  encode(keyValue("app/config/log-level", "debug", 70_000).value),
  encode(keyValue("a key of more than thirty-one bytes", Buffer.alloc(40, "v"), 2 ** 40).value),
  encode(keyValue("large", Buffer.alloc(70_000, "v"), 300).value),
];

/** What the general scanner and the check of fields say of a value. */
function read(value: Buffer): { end: number; keyFrom: number; keyTo: number; isPlain: boolean; values: number } {
  const work = { values: 0 };
  const scanner = new Scanner(Buffer.from("Key"), work);
  try {
    const end = scanner.scan(value, 0);
    const isPlain =
      end >= 0 && scanner.inOrder && recordProblem("DirEntry", value.subarray(0, end), work) === undefined;
    return { end, keyFrom: scanner.foundFrom, keyTo: scanner.foundTo, isPlain, values: work.values };
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error;
    return { end: -1, keyFrom: 0, keyTo: 0, isPlain: false, values: 0 };
  }
}

function scanPlain(value: Buffer): { end: number; keyFrom: number; keyTo: number } {
  const plain = new PlainKv();
  const end = plain.scan(value, 0);
  return { end, keyFrom: plain.keyFrom, keyTo: plain.keyTo };
}

describe("a KVS record in Consul's own form", () => {
  it("is recognized, with the end, the key and the count of values that the general scanner finds", () => {
    for (const record of RECORDS) {
      const { end, keyFrom, keyTo, values } = read(record);
      expect(scanPlain(record)).to.deep.equal({ end, keyFrom, keyTo });
      expect(end).to.equal(record.length);
      expect(values).to.equal(PLAIN_KV_VALUES);
    }
  });

  it("is never recognized in a record that is truncated", () => {
    for (const record of RECORDS.slice(0, 3)) {
      for (let length = 0; length < record.length; length++) {
        expect(scanPlain(record.subarray(0, length)).end, `${length} bytes`).to.equal(-1);
      }
    }
  });

  it("is recognized after any byte was changed only if the general scanner and the check of fields accept the record", () => {
    let recognized = 0;
    for (const record of RECORDS.slice(0, 3)) {
      for (let at = 0; at < record.length; at++) {
        for (let byte = 0; byte < 256; byte++) {
          const changed = Buffer.from(record);
          changed[at] = byte;
          const plain = scanPlain(changed);
          if (plain.end < 0) continue;
          recognized++;
          const { end, keyFrom, keyTo, isPlain } = read(changed);
          const isSame = plain.end === end && plain.keyFrom === keyFrom && plain.keyTo === keyTo;
          if (!isSame || !isPlain) expect.fail(`byte ${at} as ${byte} must not be recognized`);
        }
      }
    }
    expect(recognized).to.be.greaterThan(10_000);
  });

  it("is left to the general scanner where a field is missing, unknown, out of order, nil, negative or of another type", () => {
    const { value } = keyValue("a", "b");
    const fields = value as Readonly<Record<string, Value>>;
    const withoutSession = Object.fromEntries(Object.entries(fields).filter(([name]) => name !== "Session"));
    const others: readonly Value[] = [
      withoutSession,
      { ...fields, Zone: "b" },
      { ...fields, Key: "" },
      { ...fields, Key: null },
      { ...fields, Flags: -1 },
      { ...fields, Flags: "0" },
      { ...fields, Session: "9b6f5a62-2a2f-4d3c-9a4e-0f6f6f0f6a11" },
      { ...withoutSession, Session: "" },
      null,
    ];
    for (const other of others) expect(scanPlain(encode(other)).end, JSON.stringify(other)).to.equal(-1);
  });
});
