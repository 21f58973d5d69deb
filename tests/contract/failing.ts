import { inspect } from "node:util";
import { expect } from "chai";
import { explain, type SnapshotError } from "../../provider/errors";
import type { Store } from "../../provider/store/store";
import { TIDY_MS } from "../../provider/store/stall";
import { generatedArchive } from "../support/archives/generatedArchive";
import { lyingConsul } from "../support/faults/lyingConsul";
import { saveTo } from "../support/programs/saving";
import { startCuttingProxy } from "../support/faults/cuttingProxy";
import {
  bytesOf,
  contentOf,
  expectAbsent,
  expectSame,
  failureOf,
  gate,
  type Ground,
  listed,
  LONG,
  PART,
  STALL_MS,
  stream,
} from "../support/stores/ground";

/** A server may do what it was asked before it fell silent, though nobody waits for its answer any more. */
async function expectWholeOrAbsent(store: Store, key: string, bytes: Buffer): Promise<void> {
  if ((await store.head(key)) !== undefined) expectSame(await contentOf(store.read(key)), bytes);
}

/** Everything a store can be asked, each once. */
const REQUESTS: readonly (readonly [string, (store: Store, key: string) => Promise<unknown>])[] = [
  ["head", (store, key) => store.head(key)],
  ["list", (store, key) => listed(store.list(key))],
  ["read", (store, key) => contentOf(store.read(key))],
  ["put", (store, key) => store.put(key, stream(bytesOf(10)))],
  ["overwrite", (store, key) => store.put(key, stream(bytesOf(10)), { overwrite: true })],
  ["put of parts", (store, key) => store.put(key, stream(bytesOf(2 * PART)))],
  ["delete", (store, key) => store.delete(key)],
  ["delete of a version", (store, key) => store.delete(key, { version: '"1"' })],
];

/** Plain failures: each cause its code, a hint, and nothing secret. */
export function failing(ground: Ground): void {
  function expectPlain(error: SnapshotError, code: string): void {
    expect(error.code, explain(error)).to.equal(code);
    expect(error.hint).to.not.equal("");
    const everything = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
    const secrets = [ground.server.env, ground.server.wrongCredentials ?? {}, ground.server.readOnly ?? {}]
      .flatMap((variables) => Object.entries(variables))
      .filter(([name]) => /KEY|TOKEN/.test(name))
      .map(([, value]) => value);
    for (const secret of secrets) expect(everything).to.not.include(secret);
    expect(everything.toLowerCase()).to.not.match(/authorization['"]?:|signature=|sig=|x-amz-/);
  }

  describe("failing", () => {
    afterEach(() => ground.setEnvironment(ground.server.env));

    ground.test("missing bucket", "tells a bucket that is not there, whatever is asked", async () => {
      const store = await ground.client({ bucket: "nosuchbucket" });
      for (const [title, ask] of REQUESTS) {
        const error = await failureOf(ask(store, ground.key("x", "nosuchbucket"))).catch((reason: unknown) => {
          throw new Error(title, { cause: reason });
        });
        expectPlain(error, "STORE_NOT_FOUND");
        expect(error.message).to.include("nosuchbucket does not exist");
      }
    });

    ground.test("wrong credentials", "tells credentials that are wrong, whatever is asked", async () => {
      ground.setEnvironment(ground.server.wrongCredentials!);
      const store = await ground.client();
      for (const [title, ask] of REQUESTS) {
        const error = await failureOf(ask(store, ground.key())).catch((reason: unknown) => {
          throw new Error(title, { cause: reason });
        });
        expectPlain(error, "STORE_DENIED");
      }
    });

    const { ignores } = ground.kind;
    if (ignores?.includes("wrong credentials") === true) {
      it("goes through with wrong credentials, which only this test server takes", async () => {
        ground.setEnvironment(ground.server.wrongCredentials!);
        const store = await ground.client();
        const key = ground.key();
        await store.put(key, stream(bytesOf(10)));
        expect((await store.head(key))?.size).to.equal(10);
      });
    }

    ground.test("missing permission", "tells that writing is not permitted, where reading is", async () => {
      const key = ground.key();
      await (await ground.client()).put(key, stream(bytesOf(10)));
      ground.setEnvironment(ground.server.readOnly!);
      const store = await ground.client();
      expect((await store.head(key))?.size).to.equal(10);
      expectSame(await contentOf(store.read(key)), bytesOf(10));
      expect(await listed(store.list(key))).to.have.lengthOf(1);
      for (const size of [10, 2 * PART]) {
        expectPlain(await failureOf(store.put(ground.key(), stream(bytesOf(size)))), "STORE_DENIED");
      }
      expectPlain(await failureOf(store.delete(key)), "STORE_DENIED");
      ground.setEnvironment(ground.server.env);
      expect(await (await ground.client()).head(key)).to.not.equal(undefined);
    });

    ground.test("server crash", "finds its object when the answer that it is made is lost", async () => {
      const proxy = await startCuttingProxy(ground.server.port);
      try {
        const store = await ground.client({ port: proxy.port });
        for (const size of [10, 2 * PART + 1]) {
          const key = ground.key();
          const stored = await store.put(
            key,
            stream(bytesOf(size), () => {
              proxy.loseAnswer(ground.kind.lastRequest!);
              return Promise.resolve();
            }),
          );
          expect(stored.size).to.equal(size);
          expectSame(await contentOf(store.read(key)), bytesOf(size));
        }
        expect(proxy.cuts()).to.equal(2);
      } finally {
        await proxy.stop();
      }
    });

    ground.test(
      "silence",
      "gives up on a server that falls silent, having asked the source for no more than fits",
      async () => {
        const store = await ground.client({ stallMs: STALL_MS });
        const key = ground.key();
        let given = 0;
        // eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
        async function* endless() {
          const chunk = bytesOf(1024 * 1024);
          for (; ; given += chunk.length) {
            if (given === 2 * PART) ground.server.freeze();
            yield chunk;
          }
        }
        try {
          expectPlain(await failureOf(store.put(key, endless())), "STORE_STALLED");
          expect(given).to.be.below(16 * PART);
          for (const [title, ask] of REQUESTS.slice(0, 3)) {
            expect((await failureOf(ask(store, key))).code, title).to.equal("STORE_STALLED");
          }
        } finally {
          ground.server.thaw();
        }
        await expectAbsent(await ground.client(), key);
      },
    );

    ground.test("silence", "gives up on a server that falls silent before the last request", async () => {
      const store = await ground.client({ stallMs: STALL_MS });
      for (const size of [10, PART + 10]) {
        const key = ground.key();
        const putting = failureOf(
          store.put(
            key,
            stream(bytesOf(size), () => {
              ground.server.freeze();
              return Promise.resolve();
            }),
          ),
        );
        try {
          expectPlain(await putting, "STORE_STALLED");
        } finally {
          ground.server.thaw();
        }
        await expectWholeOrAbsent(await ground.client(), key, bytesOf(size));
      }
    });

    ground.test("silence", "spends no second limit on tidying up after a server that fell silent", async () => {
      const stallMs = 2.5 * TIDY_MS;
      const store = await ground.client({ stallMs });
      const asker = await ground.client({ stallMs });
      const key = ground.key();
      const frozen = gate();
      const putting = failureOf(
        store.put(
          key,
          stream(bytesOf(PART + 10), () => {
            ground.server.freeze();
            frozen.open();
            return Promise.resolve();
          }),
        ),
      );
      await frozen.opened;
      const twoLimits = failureOf(asker.head(key))
        .then(() => failureOf(asker.head(key)))
        .then(() => "two limits have passed");
      try {
        expect(await Promise.race([putting, twoLimits])).to.have.property("code", "STORE_STALLED");
      } finally {
        ground.server.thaw();
        await twoLimits.catch(() => undefined);
      }
    });

    for (const size of [10, PART + 10]) {
      ground.test("silence", `does not wait for a silent server when ${size} bytes are cancelled`, async () => {
        const proxy = await startCuttingProxy(ground.server.port);
        try {
          const store = await ground.client({ port: proxy.port, stallMs: 2 * LONG });
          const key = ground.key();
          const cancelling = new AbortController();
          proxy.before(ground.kind.lastRequest!, () => {
            ground.server.freeze();
            cancelling.abort();
          });
          const putting = store.put(key, stream(bytesOf(size)), { signal: cancelling.signal });
          expectPlain(await failureOf(putting), "INTERRUPTED");
          ground.server.thaw();
          await expectWholeOrAbsent(await ground.client(), key, bytesOf(size));
        } finally {
          ground.server.thaw();
          await proxy.stop();
        }
      });
    }

    ground.test("server crash", "keeps what has replaced another object, though it is cancelled then", async () => {
      const proxy = await startCuttingProxy(ground.server.port);
      try {
        const store = await ground.client({ port: proxy.port });
        const key = ground.key();
        await store.put(key, stream(bytesOf(20)));
        const cancelling = new AbortController();
        const { signal } = cancelling;
        proxy.before(ground.kind.lastRequest!, () => proxy.before(/^(HEAD|GET) /, () => cancelling.abort()));
        expect(await store.put(key, stream(bytesOf(10)), { overwrite: true, signal })).to.include({ size: 10 });
        expect(signal.aborted).to.equal(true);
        expectSame(await contentOf(store.read(key)), bytesOf(10));
      } finally {
        await proxy.stop();
      }
    });

    ground.test("silence", "does not wait for a silent server when a save is cancelled at its manifest", async () => {
      const proxy = await startCuttingProxy(ground.server.port);
      const cancelling = new AbortController();
      const consul = await lyingConsul((response, headers) => {
        response.writeHead(200, headers);
        generatedArchive(2 * PART).pipe(response);
      });
      proxy.before(/manifest\.json/, () => {
        ground.server.freeze();
        cancelling.abort();
      });
      try {
        const target = ground.server.url("cancelled-{random}.snap", undefined, proxy.port);
        const { signal } = cancelling;
        expectPlain(await failureOf(saveTo(target, { address: consul.address }, { signal })), "INTERRUPTED");
      } finally {
        ground.server.thaw();
        await consul.stop();
        await proxy.stop();
      }
    });

    ground.test("server crash", "tells a server that dies under it, and one that is not there", async () => {
      const store = await ground.client();
      const key = ground.key();
      const half = gate();
      const dead = gate();
      const putting = failureOf(
        store.put(
          key,
          stream(bytesOf(2 * PART), async () => {
            half.open();
            await dead.opened;
          }),
        ),
      );
      await half.opened;
      await ground.server.kill();
      dead.open();
      expectPlain(await putting, "STORE_UNREACHABLE");
      for (const [, ask] of REQUESTS.slice(0, 4)) expectPlain(await failureOf(ask(store, key)), "STORE_UNREACHABLE");
      await ground.server.restart();
      await expectAbsent(store, key);
    });
  });
}
