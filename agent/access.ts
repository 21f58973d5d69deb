/**
 * The connection to Consul over time: token and certificate files are read again, and the login is repeated when its token is
 * gone.
 */

import { unlessAborted } from "../provider/abort";
import { explain, isCode } from "../provider/errors";
import type { Connection } from "../provider/consul/connection";
import { interrupted } from "../provider/consul/failures";
import { login, logout } from "../provider/consul/login";
import type { AgentConfig, Login } from "./config/config";
import { connect } from "./connect";
import type { Log } from "./log";
import { type CleanText, composed } from "../provider/text";

export class Access {
  readonly #ended = new AbortController();
  /** The login, pending or complete. It serves all callers, so the signal of one of them does not abort it. */
  #login: Promise<Connection> | undefined;
  /** The result of the login. */
  #loggedIn: Connection | undefined;
  /** What the token and certificate files contained when they were last valid. */
  #valid: Connection | undefined;
  /** Why they are not valid now. */
  #problem: string | undefined;

  constructor(
    private readonly config: Pick<AgentConfig, "connection" | "login">,
    private readonly env: NodeJS.ProcessEnv,
    private readonly log: Log,
  ) {}

  /**
   * The connection for the next piece of work.
   *
   * @param signal - aborts the wait for the connection
   * @throws SnapshotError `CONSUL_*`, `ARGUMENT_INVALID`, `INTERRUPTED`
   */
  async connection(signal: AbortSignal): Promise<Connection> {
    const connection = this.#read();
    if (this.config.login === undefined) return connection;
    this.#login ??= this.#logIn(connection, this.config.login);
    try {
      const { token } = await unlessAborted(this.#login, signal);
      return { ...connection, ...(token === undefined ? {} : { token }) };
    } catch (error) {
      throw signal.aborted ? interrupted(signal.reason) : error;
    }
  }

  /** After a failure: if Consul does not accept the token, logs out, so that the next work gets the token of a new login. */
  async reconsider(error: unknown): Promise<void> {
    if (isCode(error, "CONSUL_DENIED")) await this.#logOut();
  }

  /** Logs out, also if the login is still pending. No connection can be requested after that. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#login?.catch(() => undefined);
    await this.#logOut();
  }

  /** Replaces all files or none: a program that renews certificates may have written only some of them yet. */
  #read(): Connection {
    try {
      this.#valid = connect(this.config.connection, this.env);
      this.#problem = undefined;
      return this.#valid;
    } catch (error) {
      if (this.#valid === undefined) throw error;
      const problem = explain(error);
      if (problem !== this.#problem)
        this.log.warn(composed`the former token and certificates are still used: ${problem}`);
      this.#problem = problem;
      return this.#valid;
    }
  }

  async #logIn(connection: Connection, request: Login): Promise<Connection> {
    try {
      const notice = (message: CleanText): void => this.log.info(message);
      return (this.#loggedIn = await login(connection, request, this.#ended.signal, notice));
    } catch (error) {
      this.#login = undefined;
      throw error;
    }
  }

  /** A pending login has no token yet that Consul could have denied. */
  async #logOut(): Promise<void> {
    const loggedIn = this.#loggedIn;
    if (loggedIn === undefined) return;
    this.#login = this.#loggedIn = undefined;
    await logout(loggedIn);
  }
}
