/** A service with TTL checks at the local agent: https://developer.hashicorp.com/consul/api-docs/agent/service */

import type { Connection } from "./connection";
import { Transport } from "./transport";

export interface TtlCheck {
  readonly id: string;
  readonly name: string;
  /** Without an update for this long it becomes critical, in milliseconds. */
  readonly ttlMs: number;
  /** How long it may be critical before Consul removes the service, in milliseconds; 0 means forever. */
  readonly deregisterAfterMs: number;
}

export type CheckStatus = "passing" | "warning" | "critical";

/** Short, because the agent is local. */
const LIMIT_MS = 2_000;

/** Each request is sent once, within two seconds, and throws `CONSUL_*` if Consul refuses it or does not respond. */
export class Registration {
  readonly #transport: Transport;

  constructor(
    connection: Connection,
    private readonly service: { readonly id: string; readonly name: string },
  ) {
    // No signal is needed: each request has a time limit, and the service is deregistered after everything else has
    // ended.
    const { signal } = new AbortController();
    this.#transport = new Transport(connection, { signal, notice: () => undefined });
  }

  /** Registers the service with one check, or updates it; its other checks stay. */
  register(check: TtlCheck): Promise<void> {
    return this.#put("/v1/agent/service/register", {
      ID: this.service.id,
      Name: this.service.name,
      Check: { CheckID: check.id, ...bodyOf(check) },
    });
  }

  /** Adds another check, or updates it. */
  addCheck(check: TtlCheck): Promise<void> {
    return this.#put("/v1/agent/check/register", { ID: check.id, ServiceID: this.service.id, ...bodyOf(check) });
  }

  /** Also succeeds if Consul does not have the check: the response to an earlier request may have been lost. */
  removeCheck({ id }: TtlCheck): Promise<void> {
    return this.#put(`/v1/agent/check/deregister/${encodeURIComponent(id)}`, undefined, 404);
  }

  /** @param output - the text that Consul shows beside the status */
  update(check: TtlCheck, status: CheckStatus, output: string): Promise<void> {
    return this.#put(`/v1/agent/check/update/${encodeURIComponent(check.id)}`, { Status: status, Output: output });
  }

  deregister(): Promise<void> {
    return this.#put(`/v1/agent/service/deregister/${encodeURIComponent(this.service.id)}`);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  /** @param doneToo - a status besides 200 that counts as success */
  async #put(path: string, body?: object, doneToo?: number): Promise<void> {
    const text = body === undefined ? "" : JSON.stringify(body);
    const { status, failure } = await this.#transport.ask({ path, method: "PUT", text, limitMs: LIMIT_MS });
    if (failure !== undefined && status !== doneToo) throw failure.error;
  }
}

function bodyOf({ name, ttlMs, deregisterAfterMs }: TtlCheck): object {
  return {
    Name: name,
    TTL: `${Math.ceil(ttlMs / 1000)}s`,
    ...(deregisterAfterMs === 0 ? {} : { DeregisterCriticalServiceAfter: `${Math.ceil(deregisterAfterMs / 1000)}s` }),
  };
}
