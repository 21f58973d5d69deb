/** The connection to Consul over time: token files are read again, and a login is repeated when its token has gone. */

import { unlessAborted } from "../provider/abort";
import { isCode } from "../provider/errors";
import type { Connection } from "../provider/consul/connection";
import { interrupted } from "../provider/consul/failures";
import { login, logout } from "../provider/consul/login";
import type { AgentConfig, Login } from "./config/config";
import { connect } from "./connect";
import type { Log } from "./log";

export class Access {
  readonly #ended = new AbortController();
  /** Under way, or done. It serves every caller, so a signal of one of them does not end it. */
  #login: Promise<Connection> | undefined;
  /** What the login has come to. */
  #loggedIn: Connection | undefined;

  constructor(
    private readonly config: Pick<AgentConfig, "connection" | "login">,
    private readonly env: NodeJS.ProcessEnv,
    private readonly log: Log,
  ) {}

  /**
   * The connection for the next piece of work.
   *
   * @param signal - ends the wait for it
   * @throws SnapshotError `CONSUL_*`, `ARGUMENT_INVALID`, `INTERRUPTED`
   */
  async connection(signal: AbortSignal): Promise<Connection> {
    const connection = connect(this.config.connection, this.env);
    if (this.config.login === undefined) return connection;
    this.#login ??= this.#logIn(connection, this.config.login);
    try {
      const { token } = await unlessAborted(this.#login, signal);
      return { ...connection, ...(token === undefined ? {} : { token }) };
    } catch (error) {
      throw signal.aborted ? interrupted(signal.reason) : error;
    }
  }

  /** After a failure: a token that Consul does not accept is ended, and the next work gets that of a new login. */
  async reconsider(error: unknown): Promise<void> {
    if (isCode(error, "CONSUL_DENIED")) await this.#logOut();
  }

  /** Ends the login, also one that is under way. Nothing is asked for after that. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#login?.catch(() => undefined);
    await this.#logOut();
  }

  async #logIn(connection: Connection, request: Login): Promise<Connection> {
    try {
      const notice = (message: string): void => this.log.info(message);
      return (this.#loggedIn = await login(connection, request, this.#ended.signal, notice));
    } catch (error) {
      this.#login = undefined;
      throw error;
    }
  }

  /** Of a login that is under way there is no token yet that Consul could have denied. */
  async #logOut(): Promise<void> {
    const loggedIn = this.#loggedIn;
    if (loggedIn === undefined) return;
    this.#login = this.#loggedIn = undefined;
    await logout(loggedIn);
  }
}
