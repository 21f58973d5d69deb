import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import type { Connection } from "../../provider/consul/connection";
import { resolveConnection } from "../../provider/consul/connection";
import { withLock } from "../../provider/consul/lock";
import { isCode } from "../../provider/errors";
import { type ConsulServer, consulBinary, eventually, startConsul } from "../support/consul/consul";
import { effort } from "../support/effort";

interface Pair {
  readonly Session?: string;
  readonly Flags: number;
}

describe("the lock that elects one of several agents", function () {
  this.timeout(effort.choose(3, 15) * 60_000);
  let consul: ConsulServer;
  let connection: Connection;
  before(async () => {
    consul = await startConsul();
    connection = resolveConnection({ address: consul.address }, { config: () => undefined, env: {} });
  });
  after(() => consul.stop());

  const options = (key: string, signal: AbortSignal) => ({ key, signal, notice: () => undefined });
  const holder = async (key: string): Promise<string | undefined> => {
    const pairs = (await consul.api(`/v1/kv/${key}`).catch(() => [])) as Pair[];
    return pairs[0]?.Session;
  };
  const destroy = (session: string) => consul.api(`/v1/session/destroy/${session}`, { method: "PUT" });

  it("is held by one of three at a time, over many changes of leadership", async () => {
    const changes = effort.choose(100, 1000);
    const ending = new AbortController();
    let holding = 0;
    let most = 0;
    const turns = [0, 0, 0];
    await Promise.all(
      turns.map(async (_, contender) => {
        while (turns.reduce((sum, each) => sum + each) < changes) {
          await withLock(connection, options("many/lock", ending.signal), async () => {
            holding++;
            most = Math.max(most, holding);
            await delay(1);
            turns[contender]!++;
            holding--;
          });
        }
      }),
    );
    expect(most).to.equal(1);
    expect(turns.reduce((sum, each) => sum + each)).to.be.at.least(changes);
    expect(Math.min(...turns)).to.be.greaterThan(0);
    expect(await holder("many/lock")).to.equal(undefined);
    expect(await consul.api("/v1/session/list")).to.deep.equal([]);
  });

  it("is the Go client's: consul lock waits for ours, and ours for that of consul lock", async () => {
    // `consul lock PREFIX` holds PREFIX/.lock.
    const order: string[] = [];
    let theirs: ReturnType<typeof spawn> | undefined;
    await withLock(connection, options("go/.lock", new AbortController().signal), async (held) => {
      const [pair] = (await consul.api("/v1/kv/go/.lock")) as Pair[];
      expect(pair!.Flags).to.equal(Number("3304740253564472344"));
      theirs = spawn(consulBinary(), ["lock", `-http-addr=${consul.address}`, "-shell=false", "go", "sleep", "2"], {
        stdio: "ignore",
      });
      // It has a session of its own as soon as it waits.
      await eventually(
        "a second session",
        async () => ((await consul.api("/v1/session/list")) as unknown[]).length === 2,
      );
      expect(theirs.exitCode).to.equal(null);
      expect(held.aborted).to.equal(false);
      order.push("ours");
    });
    const ended = once(theirs!, "exit").then(() => order.push("theirs"));
    await eventually("the Go client", async () => (await holder("go/.lock")) !== undefined);
    let waited = false;
    await withLock(
      connection,
      { ...options("go/.lock", new AbortController().signal), waits: () => void (waited = true) },
      async () => {
        await ended;
        order.push("ours again");
      },
    );
    expect(theirs!.exitCode).to.equal(0);
    expect(waited).to.equal(true);
    expect(order).to.deep.equal(["ours", "theirs", "ours again"]);
  });

  it("is lost at once when its session is ended, and nobody else gets it before the lock delay", async () => {
    const key = "lost/lock";
    const times: Record<string, number> = {};
    await withLock(connection, options(key, new AbortController().signal), async (held) => {
      const session = await holder(key);
      const other = withLock(connection, options(key, new AbortController().signal), async () => {
        times.acquired = performance.now();
        await Promise.resolve();
      });
      const ended = once(held, "abort");
      await destroy(session!);
      times.destroyed = performance.now();
      await ended;
      times.lost = performance.now();
      expect(isCode(held.reason, "INTERRUPTED")).to.equal(true);
      await other;
    });
    expect(times.lost! - times.destroyed!).to.be.lessThan(10_000);
    expect(times.acquired! - times.destroyed!).to.be.greaterThan(14_000);
  });

  it("is acquired when the lock delay is over, although the key does not change then", async function () {
    // Less than the wait for a change of the key.
    this.timeout(14_000);
    const key = "delayed/lock";
    const times = { ttlMs: 15_000, delayMs: 1_000, retryMs: 100 };
    const { signal } = new AbortController();
    await withLock(connection, { ...options(key, signal), times }, async (held) => {
      const other = withLock(connection, { ...options(key, signal), times }, () => Promise.resolve("acquired"));
      await eventually(
        "a second session",
        async () => ((await consul.api("/v1/session/list")) as unknown[]).length === 2,
      );
      const ended = once(held, "abort");
      await destroy((await holder(key))!);
      await ended;
      expect(await other).to.equal("acquired");
    });
  });

  it("ends the wait for it when the signal is aborted, and leaves no session", async () => {
    const key = "waiting/lock";
    await withLock(connection, options(key, new AbortController().signal), async () => {
      const ending = new AbortController();
      const result = await withLock(
        connection,
        {
          ...options(key, ending.signal),
          waits: () => {
            ending.abort();
          },
        },
        () => Promise.reject<number>(new Error("it was held twice")),
      );
      expect(result).to.equal(undefined);
      expect(await consul.api("/v1/session/list")).to.have.lengthOf(1);
    });
  });

  it("refuses a key that is no lock", async () => {
    await consul.api("/v1/kv/app/config", { method: "PUT", body: "text" });
    const failure = await withLock(connection, options("app/config", new AbortController().signal), () =>
      Promise.resolve(),
    ).catch((error: unknown) => error);
    expect(isCode(failure, "ARGUMENT_INVALID")).to.equal(true);
    expect(await consul.api("/v1/kv/app/config?raw")).to.equal("text");
  });
});
