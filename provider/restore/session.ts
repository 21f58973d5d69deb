/**
 * The resources that all steps of one restore share: clients, stores, receipts and the archive, opened once and closed
 * at the end.
 */

import { ConsulClient } from "../consul/client";
import type { Connection } from "../consul/connection";
import { pinAddress } from "../consul/pinnedAddress";
import { openStore } from "../store/backends";
import { formatLocation, type Location } from "../store/location";
import type { Store } from "../store/store";
import { Receipts } from "./receipts";
import { registerSecret } from "../text";
import type { Reporter, RestoreRequest } from "./request";
import { Source } from "./source";
import type { WaitLimits } from "./waitLimits";

export interface SessionOptions {
  readonly limits?: WaitLimits;
  /** Ends the wait for Consul's answer after the archive was sent. Default: only the limits end it. */
  readonly giveUp?: AbortSignal;
  /** Called just before the archive is sent: from then on the cluster may change. */
  readonly whenSending?: () => void;
}

export class Session {
  readonly limits: WaitLimits;
  readonly giveUp: AbortSignal | undefined;
  readonly whenSending: () => void;
  readonly client: ConsulClient;
  readonly #stores: Stores;
  #source: Promise<Source> | undefined;
  #clientAfterRestore: ConsulClient | undefined;
  readonly #unfinished: (() => Promise<void>)[] = [];

  private constructor(
    /** Its connection has a resolved host, so all requests of the session go to the same address. */
    readonly request: RestoreRequest,
    readonly reporter: Reporter,
    readonly receipts: Receipts,
    stores: Stores,
    { limits = {}, giveUp, whenSending = () => undefined }: SessionOptions,
  ) {
    this.limits = limits;
    this.giveUp = giveUp;
    this.whenSending = whenSending;
    this.client = this.openClient(request.connection);
    this.#stores = stores;
  }

  /** @throws SnapshotError `STORE_*`, `TARGET_INVALID`, `CONSUL_UNREACHABLE`, `INTERRUPTED` */
  static async open(request: RestoreRequest, reporter: Reporter, options: SessionOptions = {}): Promise<Session> {
    const connection = await pinAddress(request.connection, reporter.signal);
    const stores = new Stores();
    try {
      const receipts = await Receipts.open(request, (place) => stores.at(place));
      return new Session({ ...request, connection }, reporter, receipts, stores, options);
    } catch (error) {
      stores.close();
      throw error;
    }
  }

  /**
   * The archive to restore, located at the first call.
   *
   * @throws SnapshotError `STORE_*`, `TARGET_INVALID`
   */
  source(): Promise<Source> {
    const { source, decryption } = this.request;
    const open = async (): Promise<Source> =>
      Source.open(source, await this.storeAt(source), decryption, this.reporter.signal);
    return (this.#source ??= open());
  }

  /**
   * The store of a place, opened at the first call. The session closes it.
   *
   * @throws SnapshotError `STORE_DENIED`, `TARGET_INVALID`
   */
  storeAt(place: Location): Promise<Store> {
    return this.#stores.at(place);
  }

  /**
   * A client with a token that the cluster knows: `tokenAfterRestore` after the restore, otherwise the connection's.
   *
   * @throws SnapshotError `CONSUL_*`, `INTERRUPTED`
   */
  async knownClient(): Promise<ConsulClient> {
    const { connection, tokenAfterRestore } = this.request;
    if (tokenAfterRestore === undefined) return this.client;
    this.#clientAfterRestore ??= this.openClient({ ...connection, token: tokenAfterRestore });
    return (await this.#clientAfterRestore.knowsToken()) ? this.#clientAfterRestore : this.client;
  }

  /**
   * @param signal - aborts all work of the client. Default: the session's signal
   * @param oneConnection - see ConnectorOptions
   */
  openClient(connection: Connection, signal = this.reporter.signal, oneConnection = false): ConsulClient {
    registerSecret(connection.token);
    return new ConsulClient(connection, { signal, oneConnection, notice: (message) => this.reporter.info(message) });
  }

  /** @param stop - ends work that still uses the session when it is closed; it must not throw */
  stopAtClose(stop: () => Promise<void>): void {
    this.#unfinished.push(stop);
  }

  async close(): Promise<void> {
    await Promise.all(this.#unfinished.map((stop) => stop()));
    this.#stores.close();
    await this.client.close();
    await this.#clientAfterRestore?.close();
  }
}

/** One store per folder or bucket. */
class Stores {
  readonly #byPlace = new Map<string, Promise<Store>>();
  readonly #open: Store[] = [];

  at(place: Location): Promise<Store> {
    const name = formatLocation(place, "");
    const known = this.#byPlace.get(name) ?? this.#opened(place);
    this.#byPlace.set(name, known);
    return known;
  }

  close(): void {
    for (const store of this.#open) store.close();
  }

  async #opened(place: Location): Promise<Store> {
    const store = await openStore(place);
    this.#open.push(store);
    return store;
  }
}

/** Opens a session, does the work, and closes the session. */
export async function withSession<T>(
  request: RestoreRequest,
  reporter: Reporter,
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await Session.open(request, reporter, options);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
