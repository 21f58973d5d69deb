import { expect } from "chai";
import type { Store } from "../../provider/store/store";
import { type CuttingProxy, startCuttingProxy } from "../support/faults/cuttingProxy";
import {
  bytesOf,
  contentOf,
  expectSame,
  failureOf,
  type Ground,
  listed,
  PART,
  STALL_MS,
  stream,
} from "../support/stores/ground";

/** Ranges; pinned reading. */
export function reading(ground: Ground): void {
  describe("reading", () => {
    const bytes = bytesOf(1_000_000);
    let key: string;
    before(async () => {
      key = ground.key("ranges.snap");
      await (await ground.client()).put(key, stream(bytes));
    });

    const ranges: readonly (readonly [string, { start?: number; length?: number }])[] = [
      ["the first bytes", { length: 10 }],
      ["a piece in the middle", { start: 123_456, length: 654_321 }],
      ["from some byte to the end", { start: 999_990 }],
      ["fewer than asked for where it ends", { start: 999_990, length: 100 }],
      ["none from its end", { start: 1_000_000 }],
      ["none from beyond its end", { start: 2_000_000, length: 5 }],
      ["none when none are asked for", { start: 5, length: 0 }],
    ];
    for (const [title, { start = 0, length }] of ranges) {
      it(`gives ${title}`, async () => {
        const store = await ground.client();
        const wanted = bytes.subarray(start, length === undefined ? undefined : start + length);
        const options = { start, ...(length === undefined ? {} : { length }) };
        expectSame(await contentOf(store.read(key, options)), wanted);
      });
    }

    it("gives the version that it was asked for", async () => {
      const store = await ground.client();
      const version = (await store.head(key))!.version;
      expectSame(await contentOf(store.read(key, { version, start: 10, length: 10 })), bytes.subarray(10, 20));
    });

    it("counts time by the store's own clock, not by that of this machine", async () => {
      const store = await ground.client();
      const { modified } = (await store.head(key))!;
      const real = Date.now;
      // S3 refuses requests from a clock that is a quarter of an hour away.
      Date.now = () => real() + 11 * 60 * 1000;
      try {
        const now = await store.now(key);
        // Times of buckets are whole seconds.
        expect(now.getTime()).to.be.at.least(modified.getTime() - 1000);
        expect(now.getTime()).to.be.below(Date.now() - 60_000);
      } finally {
        Date.now = real;
      }
    });

    it("tells an object that is not there", async () => {
      const store = await ground.client();
      const nothing = ground.key();
      expect((await failureOf(contentOf(store.read(nothing)))).code).to.equal("STORE_NOT_FOUND");
      expect((await failureOf(contentOf(store.read(nothing, { version: "1" })))).code).to.equal("STORE_NOT_FOUND");
    });

    it("refuses a version that was replaced before", async () => {
      const store = await ground.client();
      const own = ground.key();
      const { version } = await store.put(own, stream(bytesOf(1000, 1)));
      await store.put(own, stream(bytesOf(1000, 2)), { overwrite: true });
      expect((await failureOf(contentOf(store.read(own, { version })))).code).to.equal("STORE_CHANGED");
    });

    it("never mixes two versions when one is replaced while it is read", async () => {
      const store = await ground.client();
      const own = ground.key();
      const old = bytesOf(4 * PART, 1);
      await store.put(own, stream(old));
      const chunks = store.read(own)[Symbol.asyncIterator]();
      const first = await chunks.next();
      await store.put(own, stream(bytesOf(4 * PART, 2)), { overwrite: true });
      const rest = contentOf({ [Symbol.asyncIterator]: () => chunks });
      const outcome = await rest.catch((error: unknown) => error);
      if (outcome instanceof Buffer) expectSame(Buffer.concat([first.value as Uint8Array, outcome]), old);
      else expect(outcome).to.have.property("code", "STORE_CHANGED");
    });

    it("stops when it is cancelled", async () => {
      const store = await ground.client();
      const cancelling = new AbortController();
      const reading = (async () => {
        for await (const chunk of store.read(key, { signal: cancelling.signal })) {
          expect(chunk.length).to.be.above(0);
          cancelling.abort();
        }
      })();
      // A whole object may be in the first chunk.
      const code = await reading.then(
        () => "INTERRUPTED",
        (error: unknown) => (error as { code: string }).code,
      );
      expect(code).to.equal("INTERRUPTED");
    });

    it("may be broken off", async () => {
      const store = await ground.client();
      for await (const chunk of store.read(key)) {
        expect(chunk.length).to.be.above(0);
        break;
      }
      expect((await store.head(key))?.size).to.equal(bytes.length);
    });

    ground.test("server crash", "goes on where a connection broke", async () => {
      const own = ground.key();
      const long = bytesOf(3 * PART);
      await (await ground.client()).put(own, stream(long));
      const proxy = await startCuttingProxy(ground.server.port);
      try {
        const store = await ground.client({ port: proxy.port });
        proxy.cutAfter(PART);
        expectSame(await contentOf(store.read(own)), long);
        expect(proxy.cuts()).to.equal(1);
      } finally {
        await proxy.stop();
      }
    });

    /** A reading through a server that falls silent after the first bytes, until it has given up. */
    const limitPasses = async (store: Store, proxy: CuttingProxy, own: string): Promise<void> => {
      const closed = proxy.holdAfter(PART);
      expect((await failureOf(contentOf(store.read(own)))).code).to.equal("STORE_STALLED");
      // As long as a connection is open, a command that reads does not end.
      await closed;
    };

    ground.test("silence", "gives up where a server falls silent, and closes the connection", async () => {
      const own = ground.key();
      await (await ground.client()).put(own, stream(bytesOf(3 * PART)));
      const proxy = await startCuttingProxy(ground.server.port);
      try {
        await limitPasses(await ground.client({ port: proxy.port, stallMs: STALL_MS }), proxy, own);
      } finally {
        await proxy.stop();
      }
    });

    ground.test("silence", "waits for a reader that is slower than any server may be", async () => {
      const own = ground.key();
      const long = bytesOf(3 * PART);
      await (await ground.client()).put(own, stream(long));
      const proxy = await startCuttingProxy(ground.server.port);
      try {
        const store = await ground.client({ stallMs: STALL_MS });
        const silent = await ground.client({ port: proxy.port, stallMs: STALL_MS });
        const parts: Uint8Array[] = [];
        for await (const chunk of store.read(own)) {
          if (parts.length === 0) await limitPasses(silent, proxy, own);
          parts.push(chunk);
        }
        expectSame(Buffer.concat(parts), long);
      } finally {
        await proxy.stop();
      }
    });

    ground.test("server crash", "does not go on with another version where a connection broke", async () => {
      const own = ground.key();
      const direct = await ground.client();
      await direct.put(own, stream(bytesOf(8 * PART, 1)));
      const proxy = await startCuttingProxy(ground.server.port);
      try {
        const store = await ground.client({ port: proxy.port });
        const chunks = store.read(own)[Symbol.asyncIterator]();
        await chunks.next();
        await direct.put(own, stream(bytesOf(8 * PART, 2)), { overwrite: true });
        proxy.cutAfter(0);
        const rest = contentOf({ [Symbol.asyncIterator]: () => chunks });
        expect((await failureOf(rest)).code).to.equal("STORE_CHANGED");
      } finally {
        await proxy.stop();
      }
    });
  });

  describe("listing", () => {
    it("gives 1,250 objects, in pages", async function () {
      this.timeout(180_000);
      const store = await ground.client();
      const start = ground.key("many-");
      const keys = Array.from({ length: 1250 }, (_, at) => start + String(at).padStart(5, "0"));
      await ground.server.fill(keys);
      const found = await listed(store.list(start));
      expect(found.map((object) => object.key)).to.deep.equal(keys);
      expect(found[1234]).to.deep.equal(await store.head(keys[1234]!));
    });

    it("gives what a key begins with, also within a name, and nothing else", async () => {
      const store = await ground.client();
      const key = ground.key("a.snap");
      for (const name of [key, `${key}.manifest.json`, key.replace("a.snap", "b.snap")]) {
        await store.put(name, stream(Buffer.from("x")));
      }
      const names = async (prefix: string) => (await listed(store.list(prefix))).map((object) => object.key);
      expect(await names(key)).to.deep.equal([key, `${key}.manifest.json`]);
      expect(await names(key.slice(0, -"a.snap".length))).to.have.lengthOf(3);
      expect(await names(`${key}.nothing`)).to.deep.equal([]);
    });

    it("may be broken off", async () => {
      const store = await ground.client();
      const key = ground.key();
      await store.put(key, stream(Buffer.from("x")));
      for await (const object of store.list(key)) {
        expect(object.key).to.equal(key);
        break;
      }
    });
  });

  describe("deleting", () => {
    it("removes an object, and does not mind when it is gone", async () => {
      const store = await ground.client();
      const key = ground.key();
      await store.put(key, stream(Buffer.from("x")));
      await store.delete(key);
      expect(await store.head(key)).to.equal(undefined);
      await store.delete(key);
      await store.delete(key, { version: "1" });
    });

    it("removes the version that was named, and leaves another", async () => {
      const store = await ground.client();
      const key = ground.key();
      const first = await store.put(key, stream(bytesOf(100, 1)));
      const second = await store.put(key, stream(bytesOf(100, 2)), { overwrite: true });
      expect((await failureOf(store.delete(key, { version: first.version }))).code).to.equal("STORE_CHANGED");
      expect(await store.head(key)).to.deep.equal(second);
      await store.delete(key, { version: second.version });
      expect(await store.head(key)).to.equal(undefined);
    });
  });
}
