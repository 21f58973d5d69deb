import { once } from "node:events";
import { expect } from "chai";
import { StorePace } from "../../../provider/save/storePace";
import { lyingConsul } from "../../support/faults/lyingConsul";
import { generatedArchive } from "../../support/archives/generatedArchive";
import { saveTo } from "../../support/programs/saving";
import { boundStore } from "../../support/stores/boundStore";
import { memoryBackend } from "../../../provider/store/memory/backend";
import { registerBackend } from "../../../provider/store/backends";
import type { PutOptions, Store } from "../../../provider/store/store";

const SLOW_AFTER_MS = 50;

/** What a store reports of its pace, and the moments when it does. */
class Paces extends EventTarget {
  readonly seen: string[] = [];
  readonly report = (pace: string): void => {
    if (this.seen.at(-1) !== pace) this.seen.push(pace);
    this.dispatchEvent(new Event(pace));
  };
}

const chunk = (bytes: number) => Buffer.alloc(bytes);

// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
async function* chunks(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield chunk(size);
}

describe("the pace of a store", () => {
  it("is slow while the store takes nothing, and normal once it takes enough", async () => {
    const paces = new Paces();
    const pace = new StorePace(paces.report, SLOW_AFTER_MS);
    const bytes = pace.watch(chunks(10, 1_000_000, 10));
    await bytes.next();
    await once(paces, "slow");
    await bytes.next();
    expect(paces.seen, "10 bytes were too few").to.deep.equal(["slow"]);
    await once(paces, "slow");
    await bytes.next();
    expect(paces.seen).to.deep.equal(["slow", "normal"]);
    await bytes.return(undefined);
    pace.end();
  });

  it("is slow while the store takes a trickle, in however many pieces", async () => {
    const paces = new Paces();
    const pace = new StorePace(paces.report, SLOW_AFTER_MS);
    const slow = once(paces, "slow");
    let isSlow = false;
    void slow.then(() => (isSlow = true));
    async function* trickle(): AsyncGenerator<Uint8Array> {
      while (!isSlow) yield* chunks(1);
    }
    const bytes = pace.watch(trickle());
    while ((await bytes.next()).done !== true) await new Promise((next) => setTimeout(next, 1));
    pace.end();
    expect(paces.seen).to.deep.equal(["slow", "normal"]);
  });

  it("is not that of a source that gives nothing", async () => {
    const paces = new Paces();
    const pace = new StorePace(paces.report, SLOW_AFTER_MS);
    async function* late(): AsyncGenerator<Uint8Array> {
      yield chunk(1);
      await new Promise((next) => setTimeout(next, 3 * SLOW_AFTER_MS));
      yield chunk(1);
    }
    const bytes = pace.watch(late());
    while ((await bytes.next()).done !== true);
    pace.end();
    expect(paces.seen).to.deep.equal(["normal"]);
  });

  it("is slow in a save whose store does not finish its upload, until it does", async () => {
    const paces = new Paces();
    const slow = once(paces, "slow");
    registerBackend({
      ...memoryBackend,
      scheme: "slowmemory",
      parse: (rest, cwd) => ({ ...memoryBackend.parse(rest, cwd), scheme: "slowmemory" }),
      async open(location, stallMs): Promise<Store> {
        const store = await memoryBackend.open(location, stallMs);
        return {
          ...boundStore(store),
          async put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions = {}) {
            const stored = await store.put(key, source, options);
            if (key.endsWith(".snap")) await slow;
            return stored;
          },
        };
      },
    });
    const consul = await lyingConsul((response, headers) => {
      response.writeHead(200, headers);
      generatedArchive(100_000).pipe(response);
    });
    try {
      const { saved } = await saveTo(
        "slowmemory://bucket/{random}.snap",
        { address: consul.address },
        {
          slowStoreAfterMs: SLOW_AFTER_MS,
          onPace: (server, pace) => {
            if (server === "store") paces.report(pace);
          },
        },
      );
      expect(saved.manifest.size).to.be.above(0);
      expect(paces.seen).to.include("slow");
      expect(paces.seen.at(-1)).to.equal("normal");
    } finally {
      await consul.stop();
    }
  });
});
