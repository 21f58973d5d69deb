import { untilAborted } from "../../../provider/abort";
import { expect } from "chai";
import fc from "fast-check";
import { DEFAULT_LIMITS } from "../../../provider/archive/limits";
import { PART_BYTES, partBytes, PartMemory, partsOf, sendAll } from "../../../provider/store/multipart";

// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
async function* from<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const never = new AbortController().signal;

describe("parts of a stream", () => {
  it("are the stream again, all of one size but the last, however it was cut before", async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.integer({ min: 1, max: 30 }), async (given, size) => {
        const memory = new PartMemory(() => size);
        const parts: Buffer[] = [];
        for await (const part of partsOf(from(given), memory)) {
          parts.push(Buffer.from(part));
          memory.give(part);
        }
        expect(Buffer.concat(parts).equals(Buffer.concat(given))).to.equal(true);
        expect(parts.slice(0, -1).every((part) => part.length === size)).to.equal(true);
        expect(parts.every((part) => part.length > 0 && part.length <= size)).to.equal(true);
      }),
    );
  });

  it("are larger after some of them, and are the stream again", async () => {
    const given = Buffer.from(Array.from({ length: 50 }, (_, at) => at));
    const memory = new PartMemory((number) => (number <= 3 ? 4 : 10));
    const parts: Buffer[] = [];
    for await (const part of partsOf(from([given.subarray(0, 7), given.subarray(7)]), memory)) {
      parts.push(Buffer.from(part));
      memory.give(part);
    }
    expect(parts.map(({ length }) => length)).to.deep.equal([4, 4, 4, 10, 10, 10, 8]);
    expect(Buffer.concat(parts).equals(given)).to.equal(true);
  });

  it("are as large as S3 demands, and enough of them for the largest archive that a reader takes", () => {
    const sizes = Array.from({ length: 10_000 }, (_, at) => partBytes(at + 1));
    expect(Math.min(...sizes))
      .to.equal(PART_BYTES)
      .and.to.equal(5 * 1024 * 1024);
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.be.above(DEFAULT_LIMITS.inflatedBytes);
  });

  it("are sent a few at once, and answered in order", async () => {
    let running = 0;
    let most = 0;
    const parts = Array.from({ length: 20 }, (_, at) => Buffer.from([at]));
    const answers = await sendAll(from(parts), 3, never, async (part, number) => {
      most = Math.max(most, ++running);
      await new Promise((done) => setTimeout(done, (number * 7) % 5));
      running--;
      return [number, part[0]];
    });
    expect(answers).to.deep.equal(parts.map((part, at) => [at + 1, part[0]]));
    expect(most).to.equal(3);
  });

  it("are asked for only when there is room", async () => {
    let given = 0;
    let sent = 0;
    async function* counted() {
      for (given = 1; given <= 10; given++) {
        expect(given - sent).to.be.at.most(3);
        yield Buffer.from([given]);
        await Promise.resolve();
      }
    }
    await sendAll(counted(), 2, never, async () => {
      await new Promise((done) => setImmediate(done));
      sent++;
    });
    expect(sent).to.equal(10);
  });

  it("fail with the first failure, after the others were cancelled and have ended", async () => {
    const boom = new Error("boom");
    let ended = 0;
    let closed = false;
    async function* endless() {
      try {
        for (;;) {
          yield Buffer.from([1]);
          await Promise.resolve();
        }
      } finally {
        closed = true;
      }
    }
    const failing = sendAll(endless(), 3, never, async (_part, number, signal) => {
      if (number === 3) throw boom;
      await new Promise<void>((done) => signal.addEventListener("abort", () => done()));
      ended++;
    });
    expect(await failing.catch((error: unknown) => error)).to.equal(boom);
    expect(ended).to.equal(2);
    expect(closed).to.equal(true);
  });

  it("fail while the source still waits", async () => {
    const boom = new Error("boom");
    async function* waiting() {
      yield Buffer.from([1]);
      await new Promise(() => undefined);
    }
    const failing = sendAll(waiting(), 3, never, () => Promise.reject(boom));
    expect(await failing.catch((error: unknown) => error)).to.equal(boom);
  });

  it("end with the signal's reason, also while the source waits", async () => {
    const controller = new AbortController();
    const reason = new Error("stop");
    const reading = all(
      untilAborted(
        (async function* () {
          yield 1;
          controller.abort(reason);
          await new Promise(() => undefined);
        })(),
        controller.signal,
      ),
    );
    expect(await reading.catch((error: unknown) => error)).to.equal(reason);
    const early = all(untilAborted(from([1]), AbortSignal.abort(reason)));
    expect(await early.catch((error: unknown) => error)).to.equal(reason);
  });
});
