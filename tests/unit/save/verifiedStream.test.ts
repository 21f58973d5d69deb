import { expect } from "chai";
import fc from "fast-check";
import { ArchiveReader } from "../../../provider/archive/reader";
import { openVerifiedStream } from "../../../provider/save/verifiedStream";
import { archiveOf, metaJson } from "../../fixtures/archive";
import { keyValue, stateOf } from "../../fixtures/state";
import { generatedArchive } from "../../support/archives/generatedArchive";
import { failureOf } from "../../support/programs/saving";

describe("a verified stream", function () {
  this.timeout(60_000);
  let archive: Buffer;
  before(async () => {
    const parts: Buffer[] = [];
    for await (const part of generatedArchive(100_000)) parts.push(part as Buffer);
    archive = Buffer.concat(parts);
  });

  /** The bytes in pieces of the given sizes, over and over; counts what was asked for and whether it was let go. */
  function inPieces(bytes: Buffer, sizes: readonly number[]) {
    const seen = { pieces: 0, letGo: false };
    async function* body(): AsyncGenerator<Buffer> {
      try {
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          seen.pieces++;
          yield await Promise.resolve(bytes.subarray(at, at + size));
          at += size;
        }
      } finally {
        seen.letGo = true;
      }
    }
    return { body: body(), seen };
  }

  async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const part of bytes) parts.push(part);
    return Buffer.concat(parts);
  }

  it("passes on every byte once, and knows meta.json first, in whatever pieces they come", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 5 }), async (sizes) => {
        const { body, seen } = inPieces(archive, sizes);
        let counted = 0;
        const verified = await openVerifiedStream(body, new ArchiveReader(), (bytes) => (counted += bytes));
        expect(verified.meta.term).to.equal(2);
        const passed = await collect(verified.bytes);
        const { archiveSize: reported } = await verified.report;
        expect(passed.equals(archive)).to.be.true;
        expect(counted).to.equal(archive.length);
        expect(reported).to.equal(archive.length);
        expect(seen.letGo).to.be.true;
      }),
      { numRuns: 25 },
    );
  });

  it("asks for no more than the store takes", async () => {
    const { body, seen } = inPieces(archive, [1000]);
    const verified = await openVerifiedStream(body, new ArchiveReader(), () => undefined);
    const bytes = verified.bytes[Symbol.asyncIterator]();
    const before = seen.pieces;
    for (let taken = 0; taken < before + 3; taken++) await bytes.next();
    expect(seen.pieces - before).to.equal(3);
    await bytes.return?.();
    expect(seen.letGo).to.be.true;
  });

  it("ends in an error, without a report, when the archive is not valid", async () => {
    const damaged = Buffer.from(archive);
    const middle = Math.floor(damaged.length / 2);
    damaged.writeUInt8(damaged.readUInt8(middle) ^ 1, middle);
    const { body, seen } = inPieces(damaged, [4096]);
    const verified = await openVerifiedStream(body, new ArchiveReader(), () => undefined);
    let reported = false;
    void verified.report.then(() => (reported = true));
    const failure = await failureOf(collect(verified.bytes));
    expect(failure.code).to.match(/^ARCHIVE_/);
    expect(reported).to.be.false;
    expect(seen.letGo).to.be.true;
  });

  it("ends in an error when meta.json gives another size of the state", async () => {
    const state = stateOf([keyValue("app/a", "1")]);
    const { body } = inPieces(archiveOf(state, metaJson(state.length + 1)), [4096]);
    const verified = await openVerifiedStream(body, new ArchiveReader(), () => undefined);
    const failure = await failureOf(collect(verified.bytes));
    expect(failure.message).to.include(`but meta.json says ${state.length + 1}`);
  });

  it("gives up on what does not begin with meta.json, and lets the body go", async () => {
    const { body, seen } = inPieces(Buffer.from("not an archive at all"), [3]);
    expect((await failureOf(openVerifiedStream(body, new ArchiveReader(), () => undefined))).code).to.equal(
      "ARCHIVE_NOT_GZIP",
    );
    expect(seen.letGo).to.be.true;
  });
});
