/** What the contract's tests stand on: one running store, and bytes to put into it. */
import { createHash } from "node:crypto";
import { expect } from "chai";
import { SnapshotError } from "../../../provider/errors";
import { parseLocation } from "../../../provider/store/location";
import { type OpenOptions, openStore } from "../../../provider/store/backends";
import type { Store, StoredObject } from "../../../provider/store/store";
import { notApplicable } from "../notApplicable";
import type { Inability, StoreKind, StoreServer } from "./stores";

/** The size of the parts that the stores send. */
export { PART_BYTES as PART } from "../../../provider/store/multipart";

/** An outer limit for what must end by itself; nothing is measured against it. */
export const LONG = 60_000;

/** Short enough to be waited for, long enough for a busy machine. */
export const STALL_MS = 2000;

export class Ground {
  private count = 0;
  private running: StoreServer | undefined;
  private readonly open: Store[] = [];
  private readonly environment = { ...process.env };

  constructor(readonly kind: StoreKind) {}

  get server(): StoreServer {
    if (this.running === undefined) throw new Error("the server is not running");
    return this.running;
  }

  async start(): Promise<void> {
    this.running = await this.kind.start();
    this.setEnvironment(this.running.env);
  }

  async stop(): Promise<void> {
    this.setEnvironment({});
    for (const store of this.open) store.close();
    await this.running?.stop();
  }

  /** The machine's own environment with these variables; those of an earlier call are gone. */
  setEnvironment(variables: Readonly<Record<string, string>>): void {
    for (const name of Object.keys(process.env))
      if (!(name in this.environment)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, this.environment, variables);
  }

  /** Another client of the store. */
  async client(options: OpenOptions & { bucket?: string; port?: number } = {}): Promise<Store> {
    const { bucket, port, ...limits } = options;
    const store = await openStore(parseLocation(this.server.url("x", bucket, port)), limits);
    this.open.push(store);
    return store;
  }

  /** A key that no other test uses. */
  key(name = "archive.snap", bucket?: string): string {
    return parseLocation(this.server.url(`t${++this.count}-${name}`, bucket)).key;
  }

  /** Declares a test of something that a store, or its test server, may not have; the output then lists it. */
  test(needs: Inability, title: string, body: () => Promise<void>): void {
    const reason = this.kind.unable[needs];
    if (reason === undefined) it(title, body);
    else notApplicable(title, reason);
  }
}

/** The error of what must fail. */
export async function failureOf(work: Promise<unknown>): Promise<SnapshotError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SnapshotError) return error;
  throw error instanceof Error ? error : new Error("it did not fail");
}

const BLOCK = createHash("sha512").update("consul").digest();
const NOISE = Buffer.concat(
  Array.from({ length: 16_411 }, (_, at) => createHash("sha512").update(BLOCK).update(String(at)).digest()),
);

/** Bytes that differ from each other and from those of another seed: a shifted or repeated part is seen. */
export function bytesOf(length: number, seed = 0): Buffer {
  const result = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; ) at += NOISE.copy(result, at, (at * 31 + seed * 7919) % (NOISE.length / 2));
  return result;
}

/** Bytes as a stream; `beforeEnd` is awaited when all of them were taken. */
export async function* stream(
  bytes: Uint8Array,
  beforeEnd: () => Promise<unknown> = () => Promise.resolve(),
  chunk = 100_000,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  await beforeEnd();
}

/** A promise that others decide. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

export async function contentOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

export async function listed(objects: AsyncIterable<StoredObject>): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const object of objects) found.push(object);
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Compares large contents without printing them. */
export function expectSame(actual: Buffer, wanted: Buffer): void {
  expect(actual.length).to.equal(wanted.length);
  expect(actual.equals(wanted), "the same bytes").to.equal(true);
}

/** Neither `head` nor a listing shows anything at a key. */
export async function expectAbsent(store: Store, key: string): Promise<void> {
  expect(await store.head(key)).to.equal(undefined);
  expect(await listed(store.list(key))).to.deep.equal([]);
}
