import { expect } from "chai";
import { contentOf } from "../../../provider/archive/state/normalForm";
import { archiveOf, metaJson, sha256 } from "../../fixtures/archive";
import { readArchive, walk } from "../../fixtures/reading";
import { encode, encodeRecord, stateOf } from "../../fixtures/state";
import { failureOf } from "../../support/programs/saving";

const MIB = 1024 * 1024;

/** As many records as can be: a type that nobody knows, and nothing. */
function tinyRecords(count: number): Buffer {
  return Buffer.concat([encode({ LastIndex: 1 }), Buffer.alloc(2 * count).fill(Buffer.from([0x63, 0xc0]))]);
}

/** Maps within bytes within maps, each around the rest of them. */
function nestedBytes(size: number, levels: number): Buffer {
  const bytes = Buffer.alloc(size, "a");
  for (let level = 0, at = 0; level < levels; level++, at += 8) {
    Buffer.from([0x81, 0xa1, 0x6b, 0xdb]).copy(bytes, at);
    bytes.writeUInt32BE(size - at - 8, at + 4);
  }
  return bytes;
}

describe("the work of reading an archive", function () {
  this.timeout(60_000);

  it("leaves turns to the event loop while many small records are read", async () => {
    let turns = 0;
    let isReading = true;
    const count = (): void => {
      turns += 1;
      if (isReading) setImmediate(count);
    };
    const archive = archiveOf(tinyRecords(200_000));
    setImmediate(count);
    const { state } = await readArchive(archive);
    isReading = false;
    expect(state.groups[0]?.count).to.equal(200_000);
    // One inflated piece has 65,536 of them: without turns within the pieces there would be some 4.
    expect(turns).to.be.above(8);
  });

  it("ends where there are more records than an archive of its size has", async () => {
    const archive = archiveOf(tinyRecords(20_000));
    const most = archive.length + 1000;
    expect((await readArchive(archive, undefined, { limits: { records: 20_000 } })).state.groups[0]?.count).to.equal(
      20_000,
    );
    const error = await failureOf(readArchive(archive, undefined, { limits: { records: 1000 } }));
    expect(error.code).to.equal("ARCHIVE_TOO_LARGE");
    expect(error.message).to.include(`more than ${most} records`);
  });

  it("ends where there are more values than an archive of its size has, nested ones among them", async () => {
    const nils = Buffer.concat([Buffer.from([0xdd, 0, 0x0f, 0xff, 0x00]), Buffer.alloc(0xfff00, 0xc0)]);
    const entry = Buffer.concat([encode("mesh"), Buffer.from([0x81]), encode("Entry"), nils]);
    const inAnEntry = encodeRecord({ type: 22, value: entry.subarray(0, MIB - 16) });
    const archives = {
      "a list in each record": Buffer.concat([Buffer.from([0x63]), nils]),
      "a list in each configuration entry": inAnEntry,
    };
    for (const [name, record] of Object.entries(archives)) {
      const archive = archiveOf(Buffer.concat([encode({ LastIndex: 1 }), ...Array.from({ length: 4 }, () => record)]));
      const error = await failureOf(readArchive(archive, undefined, { limits: { values: 100_000, valuesPerByte: 1 } }));
      expect(error.code, name).to.equal("ARCHIVE_TOO_LARGE");
      expect(error.message, name).to.include(`more than ${100_000 + archive.length} values`);
    }
  });

  it("leaves a turn between two large records", async () => {
    const count = 12;
    const nils = Buffer.concat([Buffer.from([0xdd, 0, 0x0f, 0, 0]), Buffer.alloc(0x0f0000, 0xc0)]);
    const record = Buffer.concat([Buffer.from([0x63, 0x82]), encode("b"), encode(1), encode("a"), nils]);
    let turns = 0;
    let isReading = true;
    const tick = (): void => {
      turns += 1;
      if (isReading) setImmediate(tick);
    };
    const state = Buffer.concat([encode({ LastIndex: 1 }), ...Array.from({ length: count }, () => record)]);
    const archive = archiveOf(state);
    setImmediate(tick);
    await readArchive(archive, undefined, { limits: { values: 2 ** 30 } });
    isReading = false;
    expect(turns).to.be.above(count);
  });

  it("is refused where a map of many entries is out of order", async () => {
    const keys = Array.from({ length: 30_000 }, (_, at) => encode(String(100_000 - at)));
    const map = Buffer.concat([Buffer.from([0xde, 0x75, 0x30]), ...keys.flatMap((key) => [key, encode(0)])]);
    const { state } = await readArchive(archiveOf(Buffer.concat([encode({ LastIndex: 1 }), Buffer.from([0x63]), map])));
    expect(state.undecodable?.message).to.equal("it has more than 5000 entries out of order");
  });

  it("does not grow with the depth of what is nested", async () => {
    for (const levels of [10, 1000, 100_000]) {
      const entry = { type: 22, value: nestedBytes(MIB - 64, levels) };
      const { state } = await readArchive(archiveOf(stateOf(Array.from({ length: 10 }, () => entry))));
      expect(state.groups[0]).to.include({ type: "ConfigEntry", count: 10 });
    }
  });

  it("is limited where strings look like the beginnings of maps", () => {
    // 90,000 strings that begin as a map and are none; the decoder would throw for each of them.
    const string = Buffer.from([0xa4, 0x82, 0xa1, 0x6b, 0x01]);
    const strings = Buffer.concat([Buffer.from([0xdd, 0, 1, 0x5f, 0x90]), Buffer.alloc(90_000 * 5).fill(string)]);
    const entry = Buffer.concat([encode("mesh"), Buffer.from([0x81]), encode("Entry"), strings]);
    const record = encodeRecord({ type: 22, value: entry });
    const state = Buffer.concat([encode({ LastIndex: 1 }), record]);
    const { groups } = walk(state);
    expect(groups[0]).to.include({ type: "ConfigEntry", count: 1 });
    // Not sorted and not compared by its content: the record counts as it lies.
    expect(groups[0]?.digest).to.equal(sha256(record.subarray(1)));
    expect(contentOf(22, record.subarray(1))).to.equal(undefined);
  });

  it("is limited where the content of a record is compared", () => {
    for (const value of [
      Array.from({ length: 70_000 }, () => 0),
      Object.fromEntries(Array.from({ length: 35_000 }, (_, at) => [String(at), 1])),
    ]) {
      expect(contentOf(99, encode(value))).to.equal(undefined);
    }
    expect(contentOf(99, encode(Array.from({ length: 50_000 }, () => 0)))).to.have.lengthOf(50_000);
  });

  it("is limited where meta.json has many values", async () => {
    const state = stateOf([]);
    const meta = metaJson(state.length, { Configuration: { Servers: Array.from({ length: 21_000 }, () => ({})) } });
    expect((await failureOf(readArchive(archiveOf(state, meta)))).message).to.equal(
      "the archive has JSON of more than 20000 values",
    );
  });
});
