import { gzipSync } from "node:zlib";
import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { ArchiveReader, type ArchiveReport } from "../../../provider/archive/reader";
import { SnapshotError } from "../../../provider/errors";
import { archiveOf, metaJson } from "../../fixtures/archive";
import { readArchive } from "../../fixtures/reading";
import { keyValue, stateOf } from "../../fixtures/state";
import { TRAPS } from "../../fixtures/traps";

const state = stateOf([keyValue("app/a", "1"), keyValue("app/b", Buffer.alloc(50_000, "words ")), keyValue("c", "3")]);
const archive = archiveOf(state);

/** What a reader says of the bytes: its report, or the code of its error. */
async function verdict(bytes: Buffer, cuts?: readonly number[]): Promise<ArchiveReport | string> {
  try {
    return await readArchive(bytes, cuts);
  } catch (error) {
    expect(error).to.be.instanceOf(SnapshotError);
    return (error as SnapshotError).code;
  }
}

async function failure(work: Promise<unknown>): Promise<SnapshotError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(SnapshotError);
  return error as SnapshotError;
}

describe("an archive reader", function () {
  this.timeout(60_000);

  for (const { name, bytes, code } of TRAPS) {
    it(`${code === undefined ? "takes" : "refuses"} ${name}, whole and byte by byte`, async () => {
      const whole = await verdict(bytes);
      if (code === undefined) expect(whole).to.be.an("object");
      else expect(whole).to.equal(code);
      expect(await verdict(bytes, [1])).to.deep.equal(whole);
    });
  }

  it("tells of an archive what is in it", async () => {
    const report = await readArchive(archive);
    expect(report.meta).to.include({
      version: 1,
      id: "2-1182-1795469451610",
      index: 1182,
      term: 2,
      size: state.length,
    });
    expect(report.meta.servers).to.have.lengthOf(1);
    expect(report.meta.servers[0]).to.include({ address: "127.0.0.1:8300", suffrage: 0 });
    expect(report.archiveSize).to.equal(archive.length);
    expect(report.sha256).to.equal(createHash("sha256").update(archive).digest("hex"));
    expect(report.stateSize).to.equal(state.length);
    expect(report.state.groups.map(({ type, count }) => [type, count])).to.deep.equal([
      ["KVS", 3],
      ["ChunkingState", 1],
    ]);
  });

  it("says the same of the same bytes however they are cut", async () => {
    const whole = await readArchive(archive);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 8 }), async (cuts) => {
        expect(await readArchive(archive, cuts)).to.deep.equal(whole);
      }),
      { numRuns: 50 },
    );
  });

  it("knows meta.json before the state is over", async () => {
    const reader = new ArchiveReader();
    const random = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * i * 7919) >> 3));
    const large = archiveOf(stateOf([keyValue("a", random), keyValue("b", random)]));
    let index: number | undefined;
    void reader.meta.then((meta) => (index = meta.index));
    let written = 0;
    for (; index === undefined; written += 512) await reader.write(large.subarray(written, written + 512));
    expect(written).to.be.below(large.length / 2);
    reader.destroy();
  });

  it("remembers a failure: every later call fails alike, and meta too", async () => {
    const reader = new ArchiveReader();
    const first = await failure(reader.write(Buffer.from("<html>")));
    expect(first.code).to.equal("ARCHIVE_NOT_GZIP");
    expect(await failure(reader.write(archive))).to.equal(first);
    expect(await failure(reader.end())).to.equal(first);
    expect(await failure(reader.meta)).to.equal(first);
  });

  it("fails what is under way when it is destroyed", async () => {
    const reader = new ArchiveReader();
    const writing = failure(reader.write(archive));
    reader.destroy();
    expect((await writing).code).to.equal("INTERRUPTED");
    expect((await failure(reader.end())).code).to.equal("INTERRUPTED");
  });

  it("leaves a size in meta.json that is wrong to be judged by others, as Consul does", async () => {
    const report = await readArchive(archiveOf(state, metaJson(state.length + 1)));
    expect(report.stateSize).to.equal(state.length);
    expect(report.meta.size).to.equal(state.length + 1);
  });

  it("keeps all digits of the numbers in meta.json", async () => {
    const meta = Buffer.from('{"Version":1,"Index":18446744073709551615,"Size":-9223372036854775808}');
    const { exact } = (await readArchive(archiveOf(state, meta))).meta;
    expect(exact).to.include({ index: 18446744073709551615n, size: -9223372036854775808n });
  });

  it("says in plain words what is wrong, and what to do", async () => {
    for (const { bytes, code } of TRAPS) {
      if (code === undefined) continue;
      const error = await failure(readArchive(bytes));
      expect(error.message).to.match(/^[^\n]{10,160}[^.]$/);
      expect(error.hint).to.match(/^[A-Z][^\n]{10,200}\.$/);
    }
  });
});

describe("the limits of an archive reader", () => {
  const cases = {
    inflatedBytes: 20_000,
    metaBytes: 100,
    sumsBytes: 100,
    entries: 2,
    gzipMembers: 0,
  };
  for (const [limit, value] of Object.entries(cases)) {
    it(`holds ${limit}`, async () => {
      const error = await failure(readArchive(archive, undefined, { limits: { [limit]: value } }));
      expect(error.code).to.equal("ARCHIVE_TOO_LARGE");
    });
  }

  it("holds the ratio, once there is enough to judge", async () => {
    const bomb = archiveOf(stateOf([keyValue("zeros", Buffer.alloc(2_000_000))]));
    const limits = { ratio: 100, ratioFrom: 1_000_000 };
    expect((await failure(readArchive(bomb, undefined, { limits }))).code).to.equal("ARCHIVE_TOO_LARGE");
    await readArchive(bomb, undefined, { limits: { ...limits, ratioFrom: 3_000_000 } });
    await readArchive(archive, undefined, { limits: { ...limits, ratioFrom: 0, ratio: 1000 } });
  });

  it("stops a bomb early", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const reader = new ArchiveReader({ limits: { inflatedBytes: 1_000_000 } });
    const error = await failure(reader.write(bomb));
    // Zeros end a tar: what comes behind them is refused before they are all inflated.
    expect(error.code).to.be.oneOf(["ARCHIVE_TOO_LARGE", "ARCHIVE_MALFORMED"]);
  });
});
