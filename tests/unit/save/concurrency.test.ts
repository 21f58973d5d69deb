import { describeEvent } from "../../../provider/progressWording";
import { expect } from "chai";
import fc from "fast-check";
import { SnapshotError } from "../../../provider/errors";
import { SaveConcurrency, type Turn } from "../../../provider/save/concurrency";

/** Work that begins when it may, and ends when it is told to. */
class Bench {
  readonly begun: string[] = [];
  readonly said: string[] = [];
  readonly turns = new Map<string, Turn>();
  readonly #endings = new Map<string, (error?: Error) => void>();
  readonly #turns = new SaveConcurrency();

  constructor(private readonly limits = { atOnce: 4, perAddress: 1 }) {}

  async ask(name: string, address = "a", signal = new AbortController().signal): Promise<string> {
    const outcome = this.#turns.run(
      address,
      this.limits,
      signal,
      (event) => this.said.push(`${name}: ${describeEvent(event)}`),
      (turn) =>
        new Promise<string>((resolve, reject) => {
          this.begun.push(name);
          this.turns.set(name, turn);
          this.#endings.set(name, (error) => (error === undefined ? resolve(name) : reject(error)));
        }),
    );
    return outcome.catch((error: unknown) => (error instanceof SnapshotError ? error.code : String(error)));
  }

  get running(): string[] {
    return [...this.#endings.keys()];
  }

  async end(name: string, error?: Error): Promise<void> {
    this.#endings.get(name)?.(error);
    this.#endings.delete(name);
    await settled();
  }
}

/** All that promises alone can bring about has come about. */
function settled(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}

describe("saves take turns", () => {
  it("one by one for one address, in the order of asking, and say what they wait for", async () => {
    const bench = new Bench();
    for (const name of ["1", "2", "3"]) void bench.ask(name, "http://consul:8500");
    await settled();
    expect(bench.running).to.deep.equal(["1"]);
    await bench.end("1");
    expect(bench.running).to.deep.equal(["2"]);
    await bench.end("2");
    expect(bench.begun).to.deep.equal(["1", "2", "3"]);
    expect(bench.said).to.deep.equal([
      "2: waiting for another snapshot of http://consul:8500",
      "3: waiting for another snapshot of http://consul:8500",
    ]);
  });

  it("four at once in all, whatever the addresses", async () => {
    const bench = new Bench();
    for (const name of ["1", "2", "3", "4", "5"]) void bench.ask(name, name);
    await settled();
    expect(bench.running).to.deep.equal(["1", "2", "3", "4"]);
    expect(bench.said).to.deep.equal(["5: waiting for one of 4 other snapshots"]);
    await bench.end("3");
    expect(bench.running).to.deep.equal(["1", "2", "4", "5"]);
  });

  it("and those of a slow address take no place from others", async () => {
    const bench = new Bench({ atOnce: 2, perAddress: 1 });
    for (const name of ["1", "2", "3"]) void bench.ask(name, "slow");
    void bench.ask("other", "quick");
    await settled();
    expect(bench.running).to.deep.equal(["1", "other"]);
  });

  it("and one that fails lets the next begin", async () => {
    const bench = new Bench();
    const first = bench.ask("1");
    void bench.ask("2");
    await settled();
    await bench.end("1", new Error("broken"));
    expect(await first).to.equal("Error: broken");
    expect(bench.running).to.deep.equal(["2"]);
  });

  it("and one that is aborted while it waits never begins, and holds up nobody", async () => {
    const bench = new Bench();
    const controller = new AbortController();
    void bench.ask("1");
    const second = bench.ask("2", "a", controller.signal);
    void bench.ask("3");
    await settled();
    controller.abort();
    expect(await second).to.equal("INTERRUPTED");
    await bench.end("1");
    expect(bench.begun).to.deep.equal(["1", "3"]);
  });

  it("and one that is aborted while it waits for the process gives its address back", async () => {
    const bench = new Bench({ atOnce: 1, perAddress: 1 });
    const controller = new AbortController();
    void bench.ask("1", "a");
    const second = bench.ask("2", "b", controller.signal);
    await settled();
    controller.abort();
    expect(await second).to.equal("INTERRUPTED");
    void bench.ask("3", "b");
    await bench.end("1");
    expect(bench.running).to.deep.equal(["3"]);
  });

  it("and one that is aborted before it asks never begins", async () => {
    const bench = new Bench();
    expect(await bench.ask("1", "a", AbortSignal.abort())).to.equal("INTERRUPTED");
    expect(bench.begun).to.be.empty;
  });

  it("and one whose server is slow passes its turn on, and counts again when the server is not", async () => {
    const bench = new Bench({ atOnce: 2, perAddress: 1 });
    for (const name of ["1", "2", "3", "4", "5"]) void bench.ask(name, name);
    await settled();
    bench.turns.get("1")?.setPace("consul", "slow");
    bench.turns.get("1")?.setPace("consul", "slow");
    await settled();
    expect(bench.running).to.deep.equal(["1", "2", "3"]);
    bench.turns.get("1")?.setPace("consul", "normal");
    await bench.end("2");
    expect(bench.running, "three of two were running").to.deep.equal(["1", "3"]);
    await bench.end("3");
    expect(bench.running).to.deep.equal(["1", "4"]);
  });

  it("and any number of slow ones hold up nobody", async () => {
    const bench = new Bench({ atOnce: 1, perAddress: 1 });
    for (let i = 0; i < 20; i++) {
      void bench.ask(`slow ${i}`, `slow ${i}`);
      await settled();
      bench.turns.get(`slow ${i}`)?.setPace("consul", "slow");
    }
    void bench.ask("good", "good");
    await settled();
    expect(bench.running).to.include("good");
  });

  it("and a pace that is reported after the end changes nothing", async () => {
    const bench = new Bench({ atOnce: 1, perAddress: 1 });
    void bench.ask("1", "a");
    await settled();
    bench.turns.get("1")?.setPace("consul", "slow");
    await bench.end("1");
    bench.turns.get("1")?.setPace("consul", "normal");
    bench.turns.get("1")?.setPace("consul", "slow");
    for (const name of ["2", "3"]) void bench.ask(name, name);
    await settled();
    expect(bench.running).to.deep.equal(["2"]);
  });

  it("and one whose store is slow passes on the turn of its address too, until the store is not", async () => {
    const bench = new Bench({ atOnce: 1, perAddress: 1 });
    for (const name of ["1", "2", "3"]) void bench.ask(name);
    await settled();
    bench.turns.get("1")?.setPace("store", "slow");
    await settled();
    expect(bench.running).to.deep.equal(["1", "2"]);
    bench.turns.get("1")?.setPace("consul", "slow");
    bench.turns.get("1")?.setPace("store", "normal");
    await bench.end("2");
    expect(bench.running, "Consul is still slow: its address is taken").to.deep.equal(["1"]);
    await bench.end("1");
    expect(bench.running).to.deep.equal(["3"]);
  });

  it("and one whose Consul is slow still keeps others from the same address", async () => {
    const bench = new Bench({ atOnce: 4, perAddress: 1 });
    void bench.ask("1");
    void bench.ask("2");
    await settled();
    bench.turns.get("1")?.setPace("consul", "slow");
    await settled();
    expect(bench.running).to.deep.equal(["1"]);
  });

  it("never over a limit, and all of them come to an end, whatever is asked, ended and aborted when", async () => {
    const step = fc.record({ act: fc.constantFrom("ask", "end", "fail", "abort"), at: fc.nat(20), address: fc.nat(3) });
    const limits = fc.record({ atOnce: fc.integer({ min: 1, max: 5 }), perAddress: fc.integer({ min: 1, max: 3 }) });
    await fc.assert(
      fc.asyncProperty(limits, fc.array(step, { maxLength: 40 }), async (given, steps) => {
        const bench = new Bench(given);
        const asked: { outcome: Promise<string>; controller: AbortController }[] = [];
        for (const { act, at, address } of steps) {
          const name = bench.running[at % Math.max(1, bench.running.length)];
          if (act === "ask") {
            const controller = new AbortController();
            const outcome = bench.ask(`${asked.length}@${address}`, String(address), controller.signal);
            asked.push({ outcome, controller });
          } else if (act === "abort") asked[at % Math.max(1, asked.length)]?.controller.abort();
          else if (name !== undefined) await bench.end(name, act === "fail" ? new Error("broken") : undefined);
          await settled();
          expect(bench.running.length).to.be.at.most(given.atOnce);
          for (const each of ["0", "1", "2", "3"]) {
            const ofAddress = bench.running.filter((running) => running.endsWith(`@${each}`));
            expect(ofAddress.length).to.be.at.most(given.perAddress);
          }
        }
        while (bench.running[0] !== undefined) await bench.end(bench.running[0]);
        await Promise.all(asked.map(({ outcome }) => outcome));
      }),
      { numRuns: 60 },
    );
  });
});
