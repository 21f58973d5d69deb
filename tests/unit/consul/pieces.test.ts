import { Readable } from "node:stream";
import { expect } from "chai";
import fc from "fast-check";
import { Pieces } from "../../../provider/consul/pieces";

/** All pieces, each copied before the next is asked for. */
async function collect(pieces: Pieces): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for (let piece = await pieces.next(); piece !== undefined; piece = await pieces.next()) all.push(Buffer.from(piece));
  return all;
}

describe("the pieces of a body", () => {
  it("are its bytes, none of them larger than the largest, whatever the chunks are", async () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 100 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.integer({ min: 1, max: 64 }), async (parts, size) => {
        const all = await collect(new Pieces(Readable.from(parts.map((part) => Buffer.from(part))), size));
        expect(Buffer.concat(all).equals(Buffer.concat(parts))).to.be.true;
        expect(all.every(({ length }) => length > 0 && length <= size)).to.be.true;
      }),
      { numRuns: 100 },
    );
  });

  it("join what has arrived before it was asked for", async () => {
    const body = new Readable({ read: () => undefined });
    const pieces = new Pieces(body, 100);
    for (const text of ["one ", "two ", "three"]) body.push(text);
    await new Promise((resolve) => setImmediate(resolve));
    expect(String(await pieces.next())).to.equal("one two three");
    body.push(null);
    expect(await pieces.next()).to.equal(undefined);
  });

  it("pause the body when their memory is full", async () => {
    const body = new Readable({ read: () => undefined });
    const pieces = new Pieces(body, 4);
    for (const text of ["abc", "def", "ghi"]) body.push(text);
    await new Promise((resolve) => setImmediate(resolve));
    expect(body.isPaused()).to.be.true;
    expect(String(await pieces.next())).to.equal("abcd");
    expect(String(await pieces.next())).to.match(/^ef(gh)?$/);
    expect(body.isPaused()).to.be.false;
    body.destroy();
  });

  it("come before the error that ends them, also where there is none to be reported", async () => {
    const broken = new Readable({ read: () => undefined });
    const pieces = new Pieces(broken);
    broken.push("bytes");
    await new Promise((resolve) => setImmediate(resolve));
    broken.destroy(new Error("reset"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(String(await pieces.next())).to.equal("bytes");
    expect(await messageOf(pieces.next())).to.equal("reset");
    expect(await messageOf(pieces.next())).to.equal("reset");

    const closed = new Readable({ read: () => undefined });
    const waiting = new Pieces(closed).next();
    closed.destroy();
    expect(await messageOf(waiting)).to.equal("the body was closed before its end");
  });
});

async function messageOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => (error as Error).message,
  );
}
