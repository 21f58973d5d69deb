import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { PIECE_SIZE, PieceHashes } from "../../../provider/restore/pieceHashes";

const CHANGED = new Error("changed");

function* cut(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* stream(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (const chunk of cut(bytes, size)) yield await Promise.resolve(chunk);
}

async function reread(first: Buffer, second: Buffer, sizes: readonly [number, number] = [70_001, 65_536]) {
  const pieces = new PieceHashes();
  for (const chunk of cut(first, sizes[0])) pieces.add(chunk);
  pieces.end();
  const read: Uint8Array[] = [];
  try {
    for await (const piece of pieces.verified(stream(second, sizes[1]), () => CHANGED)) read.push(piece);
    return { bytes: Buffer.concat(read), error: undefined };
  } catch (error) {
    return { bytes: Buffer.concat(read), error };
  }
}

describe("the hashes of a stream's pieces", () => {
  for (const length of [0, 1, PIECE_SIZE - 1, PIECE_SIZE, PIECE_SIZE + 1, 3 * PIECE_SIZE, 3 * PIECE_SIZE + 12_345]) {
    for (const sizes of [
      [1 << 22, 1 << 22],
      [70_001, 65_536],
      [PIECE_SIZE, 999_983],
    ] as const) {
      it(`let the same ${length} bytes pass, in chunks of ${sizes.join(" and ")}`, async () => {
        const bytes = randomBytes(length);
        const { bytes: read, error } = await reread(bytes, Buffer.from(bytes), sizes);
        expect(error).to.equal(undefined);
        expect(read.equals(bytes)).to.equal(true);
      });
    }
  }

  it("stop before the first piece that differs", async () => {
    const bytes = randomBytes(3 * PIECE_SIZE + 5);
    for (const at of [0, PIECE_SIZE - 1, PIECE_SIZE, 2 * PIECE_SIZE + 7, bytes.length - 1]) {
      const other = Buffer.from(bytes);
      other[at] = (other[at] as number) ^ 1;
      const { bytes: read, error } = await reread(bytes, other);
      expect(error).to.equal(CHANGED);
      expect(read.length).to.equal(Math.floor(at / PIECE_SIZE) * PIECE_SIZE);
    }
  });

  it("notice an end that is too early or too late", async () => {
    const bytes = randomBytes(2 * PIECE_SIZE + 5);
    for (const other of [
      bytes.subarray(0, 2 * PIECE_SIZE),
      bytes.subarray(0, 2 * PIECE_SIZE + 4),
      Buffer.alloc(0),
      Buffer.concat([bytes, Buffer.from([0])]),
    ]) {
      const { bytes: read, error } = await reread(bytes, other);
      expect(error).to.equal(CHANGED);
      expect(bytes.subarray(0, read.length).equals(read)).to.equal(true);
    }
  });
});
