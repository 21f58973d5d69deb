/**
 * Leader election by a lock on a key, held by a session, compatible with the Go client's `Lock` (consul/api v1.29,
 * lock.go): programs that use either exclude each other.
 *
 * The lock is only as safe as the session. Consul ends a session no sooner than one TTL after the last renewal, and
 * then blocks the key for the lock delay. So a holder that could not renew for one TTL treats the lock as lost, and
 * another one gets it at least 15 s later.
 */

import { setTimeout as delay } from "node:timers/promises";
import { unlessAborted } from "../abort";
import { compact } from "../compact";
import { isCode, SnapshotError } from "../errors";
import { type CleanText, sentence } from "../text";
import { field } from "./agentFacts";
import type { Connection } from "./connection";
import { type Answer, type Call, Transport } from "./transport";

/** The Go client refuses a key with other flags. As a double the number is rounded, in the same way on both sides. */
const FLAGS = "3304740253564472344";
const SESSION_NAME = "Consul API Lock";
/** The times of the Go client. */
const TIMES: LockTimes = { ttlMs: 15_000, delayMs: 15_000, retryMs: 5_000 };
const WAIT_MS = 15_000;
/** The wait plus Consul's own extra of up to a sixteenth, and network latency. */
const WAIT_LIMIT_MS = WAIT_MS + 10_000;
const RENEW_AGAIN_MS = 1_000;
/** An exiting process does not wait long for an unreachable Consul: the session expires. */
const RELEASE_MS = 1_000;

export interface LockTimes {
  /** How long the lock is safe without a renewal of its session. Consul refuses less than 10 s unless it is configured otherwise. */
  readonly ttlMs: number;
  /** How long the key stays blocked after Consul has ended the session. */
  readonly delayMs: number;
  /** When to try again to acquire a key that is blocked or cannot be read. */
  readonly retryMs: number;
}

export interface LockOptions {
  readonly key: string;
  /** Ends the wait, or the lock. */
  readonly signal: AbortSignal;
  /** Receives notices for the user, one sentence each. */
  readonly notice: (message: CleanText) => void;
  /** Called when the lock is held by another program, and the wait for it begins. */
  readonly waits?: () => void;
  /** Default: the times of the Go client. */
  readonly times?: LockTimes;
}

/**
 * Waits for the lock, and runs the work while it is held.
 *
 * @param work - receives a signal that is aborted when the lock is lost or by the options' signal; it should then stop
 * @returns the result of the work; `undefined` if the signal was aborted before the lock was acquired
 * @throws SnapshotError `CONSUL_*` if the lock cannot be requested; errors of the work
 */
export async function withLock<T>(
  connection: Connection,
  { key, signal, notice, waits, times = TIMES }: LockOptions,
  work: (held: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  // The transport must not depend on the caller's signal: the lock is released after that is aborted.
  const ending = new AbortController();
  const transport = new Transport(connection, { signal: ending.signal, notice });
  const session = new Session(transport, connection, times);
  const ended = new AbortController();
  const stop = (): void => ended.abort(signal.reason);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    await session.create();
    const renewing = session.keep(ended);
    const lock = new KeyLock(transport, session.id, key, times.retryMs);
    try {
      if (!(await lock.acquire(ended.signal, waits ?? (() => undefined)))) {
        if (signal.aborted) return undefined;
        throw ended.signal.reason;
      }
      const watching = lock.watch(ended);
      try {
        return await work(ended.signal);
      } finally {
        ended.abort();
        await Promise.all([watching, renewing]);
        await lock.release();
      }
    } finally {
      ended.abort();
      await renewing;
      await session.destroy();
    }
  } finally {
    signal.removeEventListener("abort", stop);
    ending.abort();
    await transport.close();
  }
}

class Session {
  id = "";

  constructor(
    private readonly transport: Transport,
    private readonly connection: Connection,
    private readonly times: LockTimes,
  ) {}

  async create(): Promise<void> {
    const { ttlMs, delayMs } = this.times;
    const text = JSON.stringify({ Name: SESSION_NAME, TTL: `${ttlMs / 1000}s`, LockDelay: `${delayMs / 1000}s` });
    const answer = await this.transport.ask({ path: "/v1/session/create", method: "PUT", text });
    if (answer.failure !== undefined) throw answer.failure.error;
    const id = field(answer.json, "ID");
    if (typeof id !== "string" || !/^[0-9a-f-]{36}$/.test(id)) {
      throw new SnapshotError(
        "CONSUL_RESPONSE",
        `${this.connection.url}/v1/session/create does not answer with a session`,
        "Check that a Consul server or agent answers there.",
      );
    }
    this.id = id;
  }

  /** Renews the session every half TTL; aborts `ended` when the session is gone, or was not renewed for one TTL. */
  async keep(ended: AbortController): Promise<void> {
    const { ttlMs } = this.times;
    let renewedAt = performance.now();
    for (let pauseMs = ttlMs / 2; ; ) {
      const left = renewedAt + ttlMs - performance.now();
      if (left <= 0) {
        ended.abort(lost("the session was not renewed in time"));
        return;
      }
      if (!(await pause(Math.min(left, pauseMs), ended.signal))) return;
      const began = performance.now();
      const limitMs = Math.max(1, renewedAt + ttlMs - began);
      const call = { path: `/v1/session/renew/${this.id}`, method: "PUT", limitMs } as const;
      const answer = await askOrNothing(this.transport, call, ended.signal).catch(() => undefined);
      if (answer?.status === 404) {
        ended.abort(lost("Consul has ended the session"));
        return;
      }
      if (answer?.status === 200) renewedAt = began;
      pauseMs = answer?.status === 200 ? ttlMs / 2 : RENEW_AGAIN_MS;
    }
  }

  async destroy(): Promise<void> {
    const call = { path: `/v1/session/destroy/${this.id}`, method: "PUT", limitMs: RELEASE_MS } as const;
    await this.transport.ask(call).catch(() => undefined);
  }
}

class KeyLock {
  readonly #path: string;

  constructor(
    private readonly transport: Transport,
    private readonly session: string,
    private readonly key: string,
    private readonly retryMs: number,
  ) {
    this.#path = `/v1/kv/${key.split("/").map(encodeURIComponent).join("/")}`;
  }

  /**
   * @param waits - called once, before the first wait
   * @returns whether the lock is held; `false` if the signal was aborted
   * @throws SnapshotError `CONSUL_*` if the token may not use the key, or the key is not a lock
   */
  async acquire(signal: AbortSignal, waits: () => void): Promise<boolean> {
    let index: string | undefined;
    let isWaiting = false;
    while (!signal.aborted) {
      const pair = await this.#read(index, signal);
      if (pair === undefined) {
        if (!(await pause(this.retryMs, signal))) return false;
        continue;
      }
      index = pair.index;
      if (pair.flags !== undefined && pair.flags !== Number(FLAGS)) throw this.#noLock();
      if (pair.session === this.session) return true;
      if (pair.session === undefined && (await this.#put("acquire", signal))) return true;
      if (!isWaiting) waits();
      isWaiting = true;
      if (pair.session !== undefined) continue;
      // The key is free but was refused: the lock delay after a session ended. Its end does not change the key, so it cannot be
      // waited for.
      if (!(await pause(this.retryMs, signal))) return false;
      index = undefined;
    }
    return false;
  }

  /** Aborts `ended` when this session no longer holds the key. */
  async watch(ended: AbortController): Promise<void> {
    let index: string | undefined;
    for (;;) {
      const pair = await this.#read(index, ended.signal).catch(() => undefined);
      if (ended.signal.aborted) return;
      if (pair === undefined) {
        // While Consul does not respond, only the session's TTL counts.
        await pause(RENEW_AGAIN_MS, ended.signal);
      } else if (pair.session !== this.session) {
        ended.abort(lost(`the lock ${this.key} was taken away`));
        return;
      } else {
        index = pair.index;
      }
    }
  }

  async release(): Promise<void> {
    await this.#put("release").catch(() => undefined);
  }

  /** @returns `undefined` if Consul does not respond now */
  async #read(index: string | undefined, signal: AbortSignal): Promise<Pair | undefined> {
    const query = index === undefined ? undefined : { index, wait: `${WAIT_MS / 1000}s` };
    const call = { path: this.#path, flags: ["consistent"], limitMs: WAIT_LIMIT_MS, ...compact({ query }) };
    const answer = await askOrNothing(this.transport, call, signal);
    if (answer === undefined) return undefined;
    if (answer.status === 404) return compact({ index: answer.index });
    if (answer.failure !== undefined) {
      if (answer.failure.retry || answer.status >= 500) return undefined;
      throw answer.failure.error;
    }
    const entry: unknown = Array.isArray(answer.json) ? answer.json[0] : undefined;
    const session = field(entry, "Session");
    return compact({
      index: answer.index,
      session: typeof session === "string" && session !== "" ? session : undefined,
      flags: Number(field(entry, "Flags")),
    });
  }

  async #put(verb: "acquire" | "release", signal?: AbortSignal): Promise<boolean> {
    const query = { [verb]: this.session, flags: FLAGS };
    const limitMs = verb === "release" ? RELEASE_MS : WAIT_MS;
    const call = { path: this.#path, method: "PUT", query, text: "", limitMs } as const;
    const answer =
      signal === undefined ? await this.transport.ask(call) : await askOrNothing(this.transport, call, signal);
    if (answer?.failure !== undefined && !answer.failure.retry && answer.status < 500) throw answer.failure.error;
    return answer?.json === true;
  }

  #noLock(): SnapshotError {
    return new SnapshotError(
      "ARGUMENT_INVALID",
      sentence`the key ${this.key} exists and is no lock`,
      "Choose another lock_key, or remove that key.",
    );
  }
}

interface Pair {
  readonly index?: string;
  /** The session that holds the lock; absent if none does. */
  readonly session?: string;
  /** Absent if the key does not exist. */
  readonly flags?: number;
}

/** @returns `undefined` if there is no response now, or the signal is aborted */
async function askOrNothing(transport: Transport, call: Call, signal: AbortSignal): Promise<Answer | undefined> {
  try {
    signal.throwIfAborted();
    return await unlessAborted(transport.ask(call), signal);
  } catch (error) {
    const isPassing = isCode(error, "CONSUL_UNREACHABLE", "CONSUL_STALLED", "CONSUL_NO_LEADER", "INTERRUPTED");
    if (signal.aborted || isPassing) return undefined;
    throw error;
  }
}

/** @returns whether the whole time has passed */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}

function lost(why: string): SnapshotError {
  return new SnapshotError("INTERRUPTED", `leadership was lost: ${why}`, "The agent waits for it again.");
}
