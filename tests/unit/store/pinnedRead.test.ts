import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { SnapshotError } from "../../../provider/errors";
import { readPinned } from "../../../provider/store/pinnedRead";
import { Stall } from "../../../provider/store/stall";

const broken = (error: unknown): SnapshotError =>
  new SnapshotError(error instanceof Stall ? "STORE_STALLED" : "STORE_UNREACHABLE", "it broke", "Run it again.", error);

/** Pieces of one size, each after a pause. */
async function* pieces(count: number, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    await delay(10);
    yield Buffer.alloc(size);
  }
}

async function read(count: number, size: number): Promise<number> {
  let bytes = 0;
  const open = () => Promise.resolve({ bytes: pieces(count, size), length: count * size, version: "1" });
  for await (const piece of readPinned({}, 100, open, broken)) bytes += piece.length;
  return bytes;
}

describe("reading from a store", () => {
  it("ends where the server sends a trickle", async () => {
    const error = await read(100_000, 1).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "STORE_STALLED" });
  });

  it("ends where each connection gives one byte and closes", async () => {
    const length = 1_000_000;
    let opened = 0;
    const open = async () => {
      opened++;
      await delay(10);
      return { bytes: pieces(1, 1), length, version: "1" };
    };
    const reading = async () => {
      for await (const piece of readPinned({}, 100, open, broken)) expect(piece).to.have.length(1);
    };
    expect(await reading().catch((thrown: unknown) => thrown)).to.include({ code: "STORE_STALLED" });
    expect(opened, "it went on where the connection broke").to.be.above(3);
  });

  it("goes on as long as there is progress", async () => {
    expect(await read(50, 10_000)).to.equal(500_000);
  });
});
