import { expect } from "chai";
import { SnapshotError } from "../../provider/errors";
import { CHUNK as GCS_CHUNK } from "../../provider/store/gcs/upload";
import {
  bytesOf,
  contentOf,
  expectAbsent,
  expectSame,
  failureOf,
  gate,
  type Ground,
  listed,
  PART,
  stream,
} from "../support/stores/ground";

/** Whole or absent; backpressure. */
export function writing(ground: Ground): void {
  describe("writing", () => {
    for (const size of [0, 1, PART - 1, PART, PART + 1, GCS_CHUNK, GCS_CHUNK + 1, 5 * PART + 12_345]) {
      it(`keeps ${size} bytes as they were`, async () => {
        const store = await ground.client();
        const key = ground.key();
        const bytes = bytesOf(size);
        const stored = await store.put(key, stream(bytes));
        expect(stored).to.include({ key, size });
        expect(Math.abs(Date.now() - stored.modified.getTime())).to.be.below(60 * 60 * 1000);
        expect(await store.head(key)).to.deep.equal(stored);
        expect(await listed(store.list(key))).to.deep.equal([stored]);
        expectSame(await contentOf(store.read(key)), bytes);
      });
    }

    it("takes chunks whose memory the source uses again", async () => {
      const store = await ground.client();
      const key = ground.key();
      const bytes = bytesOf(3 * PART + 10);
      async function* oneBuffer() {
        const buffer = Buffer.alloc(300_007);
        for await (const chunk of stream(bytes, undefined, buffer.length)) {
          buffer.set(chunk);
          yield buffer.subarray(0, chunk.length);
        }
        buffer.fill(0);
      }
      await store.put(key, oneBuffer());
      expectSame(await contentOf(store.read(key)), bytes);
    });

    for (const size of [10, 2 * PART + 10]) {
      it(`shows nothing of ${size} bytes before the last step is done, which may write another object`, async () => {
        const store = await ground.client();
        const watcher = await ground.client();
        const key = ground.key();
        const beside = `${key}.manifest.json`;
        const steps: string[] = [];
        await store.put(
          key,
          stream(bytesOf(size), () => Promise.resolve(steps.push("source ended"))),
          {
            async beforeVisible() {
              steps.push("before visible");
              await expectAbsent(watcher, key);
              await store.put(beside, stream(Buffer.from("{}")), { overwrite: true });
              expect((await listed(watcher.list(key))).map((object) => object.key)).to.deep.equal([beside]);
            },
          },
        );
        expect(steps).to.deep.equal(["source ended", "before visible"]);
        expect((await listed(watcher.list(key))).map((object) => object.key)).to.deep.equal([key, beside]);
      });
    }

    it("writes many objects at once, each with another written last", async () => {
      const store = await ground.client();
      const keys = Array.from({ length: 6 }, () => ground.key());
      await Promise.all(
        keys.map((key, seed) =>
          store.put(key, stream(bytesOf(PART + seed, seed)), {
            beforeVisible: () => store.put(`${key}.json`, stream(Buffer.from("{}"))).then(() => undefined),
          }),
        ),
      );
      for (const [seed, key] of keys.entries()) {
        expectSame(await contentOf(store.read(key)), bytesOf(PART + seed, seed));
      }
    });

    for (const size of [0, 1, PART - 1, PART, PART + 1, 2 * PART, 5 * PART + 1]) {
      it(`leaves nothing of a source that fails after ${size} bytes, and tells its failure`, async () => {
        const store = await ground.client();
        const key = ground.key();
        const own = new SnapshotError("ARCHIVE_TRUNCATED", "cut", "hint");
        expect(
          await failureOf(
            store.put(
              key,
              stream(bytesOf(size), () => Promise.reject(own)),
            ),
          ),
        ).to.equal(own);
        await expectAbsent(store, key);
      });
    }

    for (const size of [0, 10, PART, 2 * PART + 1]) {
      it(`leaves nothing of ${size} bytes whose last step fails, and throws its failure`, async () => {
        const store = await ground.client();
        const key = ground.key();
        const own = new SnapshotError("STORE_EXISTS", "the manifest exists", "hint");
        const putting = store.put(key, stream(bytesOf(size)), { beforeVisible: () => Promise.reject(own) });
        expect(await failureOf(putting)).to.equal(own);
        await expectAbsent(store, key);
      });
    }

    for (const size of [10, 2 * PART]) {
      it(`leaves nothing of ${size} bytes when it is cancelled during its last step`, async () => {
        const store = await ground.client();
        const key = ground.key();
        const cancelling = new AbortController();
        const putting = store.put(key, stream(bytesOf(size)), {
          signal: cancelling.signal,
          beforeVisible: () => {
            cancelling.abort();
            return new Promise(() => undefined);
          },
        });
        expect((await failureOf(putting)).code).to.equal("INTERRUPTED");
        await expectAbsent(store, key);
      });
    }

    it("does not take the last step after a source that fails, or for a name that is taken", async () => {
      const store = await ground.client();
      const key = ground.key();
      const own = new Error("the source broke");
      const options = { beforeVisible: () => Promise.reject(new Error("the last step was taken")) };
      const failing = store.put(
        key,
        stream(bytesOf(10), () => Promise.reject(own)),
        options,
      );
      expect(await failing.catch((error: unknown) => error)).to.equal(own);
      await store.put(key, stream(bytesOf(10)));
      expect((await failureOf(store.put(key, stream(bytesOf(10)), options))).code).to.equal("STORE_EXISTS");
    });

    for (const size of [10, 3 * PART]) {
      it(`leaves nothing of ${size} bytes when it is cancelled while the source waits`, async () => {
        const store = await ground.client();
        const key = ground.key();
        const cancelling = new AbortController();
        const waiting = gate();
        const putting = store.put(
          key,
          stream(bytesOf(size), () => {
            waiting.open();
            return new Promise(() => undefined);
          }),
          { signal: cancelling.signal },
        );
        const failing = failureOf(putting);
        await waiting.opened;
        cancelling.abort();
        expect((await failing).code).to.equal("INTERRUPTED");
        await expectAbsent(store, key);
      });
    }

    it("begins nothing when it was cancelled before", async () => {
      const store = await ground.client();
      const key = ground.key();
      let asked = false;
      async function* source() {
        asked = true;
        yield* stream(bytesOf(10));
      }
      const failing = failureOf(store.put(key, source(), { signal: AbortSignal.abort() }));
      expect((await failing).code).to.equal("INTERRUPTED");
      expect(asked).to.equal(false);
      await expectAbsent(store, key);
    });
  });

  describe("an object that exists", () => {
    it("is not replaced", async () => {
      const store = await ground.client();
      const key = ground.key();
      const first = await store.put(key, stream(bytesOf(1000, 1)));
      expect((await failureOf(store.put(key, stream(bytesOf(2000, 2))))).code).to.equal("STORE_EXISTS");
      expect(await store.head(key)).to.deep.equal(first);
      expectSame(await contentOf(store.read(key)), bytesOf(1000, 1));
    });

    for (const size of [1000, PART + 1000]) {
      it(`is not replaced by ${size} bytes of a writer that began before it was there`, async () => {
        const [one, other] = [await ground.client(), await ground.client()];
        const key = ground.key();
        const failing = failureOf(
          one.put(
            key,
            stream(bytesOf(size, 1), () => other.put(key, stream(bytesOf(500, 2)))),
          ),
        );
        expect((await failing).code).to.equal("STORE_EXISTS");
        expectSame(await contentOf(one.read(key)), bytesOf(500, 2));
      });

      it(`has one winner when two write ${size} bytes at the same time`, async () => {
        const key = ground.key();
        const [here, there] = [gate(), gate()];
        const meet = [() => (here.open(), there.opened), () => (there.open(), here.opened)] as const;
        const outcomes = await Promise.allSettled(
          meet.map(async (ready, seed) => (await ground.client()).put(key, stream(bytesOf(size, seed), ready))),
        );
        const winner = outcomes.findIndex((outcome) => outcome.status === "fulfilled");
        const [lost, ...more] = outcomes.filter((outcome) => outcome.status === "rejected");
        expect(more).to.deep.equal([]);
        expect(lost?.reason).to.be.instanceOf(SnapshotError).with.property("code", "STORE_EXISTS");
        expectSame(await contentOf((await ground.client()).read(key)), bytesOf(size, winner));
      });
    }

    for (const size of [1000, PART + 1000]) {
      it(`is replaced by ${size} bytes when told, and not before they are all there`, async () => {
        const store = await ground.client();
        const key = ground.key();
        const first = await store.put(key, stream(bytesOf(5000, 1)));
        const second = await store.put(
          key,
          stream(bytesOf(size, 2), async () => {
            expect(await store.head(key)).to.deep.equal(first);
            expectSame(await contentOf(store.read(key)), bytesOf(5000, 1));
          }),
          { overwrite: true },
        );
        expect(second.version).not.to.equal(first.version);
        expectSame(await contentOf(store.read(key)), bytesOf(size, 2));
      });

      it(`stays when the ${size} bytes that were to replace it fail`, async () => {
        const store = await ground.client();
        const key = ground.key();
        const first = await store.put(key, stream(bytesOf(5000, 1)));
        const own = new Error("the source broke");
        const failing = store.put(
          key,
          stream(bytesOf(size, 2), () => Promise.reject(own)),
          { overwrite: true },
        );
        expect(await failing.catch((error: unknown) => error)).to.equal(own);
        expect(await store.head(key)).to.deep.equal(first);
      });

      it(`is one writer's whole when two replace it with ${size} bytes at the same time`, async () => {
        const key = ground.key();
        const [here, there] = [gate(), gate()];
        const meet = [() => (here.open(), there.opened), () => (there.open(), here.opened)] as const;
        await Promise.allSettled(
          meet.map(async (ready, seed) =>
            (await ground.client()).put(key, stream(bytesOf(size, seed), ready), { overwrite: true }),
          ),
        );
        const there_ = await contentOf((await ground.client()).read(key));
        expect([0, 1].some((seed) => there_.equals(bytesOf(size, seed)))).to.equal(true);
      });
    }
  });
}
