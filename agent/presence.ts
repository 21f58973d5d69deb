/** Keeps the agent's service and its two checks registered in Consul while the agent runs. */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { explain, isCode } from "../provider/errors";
import { type CheckStatus, Registration, type TtlCheck } from "../provider/consul/registration";
import type { Access } from "./access";
import type { AgentConfig } from "./config/config";
import type { Log } from "./log";
import { type CleanLines, composed, remark } from "../provider/text";

const ALIVE_TTL_MS = 30_000;
const REFRESH_MS = 10_000;
/** How long an ending agent waits for a pending login. */
const LOGIN_MS = 2_000;

interface CheckState {
  readonly status: CheckStatus;
  readonly output: CleanLines;
}

/** Its methods never throw: a registration must not stop backups. */
export class Presence {
  readonly #service: { readonly id: string; readonly name: string };
  readonly #alive: TtlCheck;
  readonly #saving: TtlCheck;
  #isRegistered = false;
  /** The intended state of the second check; `undefined` if there should be no check. */
  #wanted: CheckState | undefined;
  /** The state that was last sent to Consul. */
  #shown: CheckState | undefined;
  #problem: string | undefined;
  /** The end of the previous operation: they run one at a time, so that an older status never overrides a newer one. */
  #turn = Promise.resolve();

  /** @param savingTtlMs - how long the agent may go without a snapshot before the check turns critical */
  constructor(
    { service, deregisterAfterMs }: Pick<AgentConfig, "service" | "deregisterAfterMs">,
    savingTtlMs: number,
    private readonly access: Access,
    private readonly log: Log,
  ) {
    const id = `${service}:${randomUUID()}`;
    this.#service = { id, name: service };
    this.#alive = {
      id: `${id}:alive`,
      name: "Consul Snapshot Agent Alive",
      ttlMs: ALIVE_TTL_MS,
      deregisterAfterMs,
    };
    this.#saving = {
      id: `${id}:saving`,
      name: "Consul Snapshot Agent Saving Snapshots",
      ttlMs: savingTtlMs,
      deregisterAfterMs: 0,
    };
  }

  /** Registers the service, then refreshes it, or registers it again, until the signal is aborted. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#with(async (registration) => {
        const register = (): Promise<void> => registration.register(this.#alive);
        if (
          await this.#update(registration, this.#alive, { status: "passing", output: remark`the agent runs` }, register)
        ) {
          this.#shown = undefined;
        }
        this.#isRegistered = true;
        if (this.#shown !== this.#wanted) await this.#show(registration);
      }, signal);
      await delay(REFRESH_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Adds the second check, because this agent leads. It passes until a snapshot fails or is late. */
  async leads(): Promise<void> {
    this.#wanted = { status: "passing", output: remark`this agent has begun to lead` };
    await this.#with((registration) => this.#show(registration));
  }

  /** Reports the result of a save. Has no effect if this agent does not lead. */
  async saving(status: CheckStatus, output: CleanLines): Promise<void> {
    if (this.#wanted === undefined) return;
    this.#wanted = { status, output };
    await this.#with((registration) => this.#show(registration));
  }

  /** Removes the second check, because this agent no longer leads. */
  async follows(): Promise<void> {
    this.#wanted = undefined;
    await this.#with((registration) => this.#show(registration));
  }

  async leave(): Promise<void> {
    if (this.#isRegistered) await this.#with((registration) => registration.deregister());
  }

  async #show(registration: Registration): Promise<void> {
    const wanted = this.#wanted;
    if (wanted === undefined) await registration.removeCheck(this.#saving);
    else await this.#update(registration, this.#saving, wanted, () => registration.addCheck(this.#saving));
    this.#shown = wanted;
  }

  /** @returns whether the check was missing in Consul and so was registered again */
  async #update(
    registration: Registration,
    check: TtlCheck,
    { status, output }: CheckState,
    register: () => Promise<void>,
  ): Promise<boolean> {
    try {
      await registration.update(check, status, output);
      return false;
    } catch {
      await register();
      await registration.update(check, status, output);
      return true;
    }
  }

  #with(work: (registration: Registration) => Promise<void>, signal?: AbortSignal): Promise<void> {
    return (this.#turn = this.#turn.then(() => this.#attempt(work, signal ?? AbortSignal.timeout(LOGIN_MS))));
  }

  /**
   * Logs a repeated failure only once.
   *
   * @param signal - ends the wait for a login
   */
  async #attempt(work: (registration: Registration) => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      const registration = new Registration(await this.access.connection(signal), this.#service);
      try {
        await work(registration);
        this.#problem = undefined;
      } finally {
        await registration.close();
      }
    } catch (error) {
      if (signal.aborted && isCode(error, "INTERRUPTED")) return;
      const problem = explain(error);
      if (problem !== this.#problem) this.log.warn(composed`the service is not registered: ${problem}`);
      this.#problem = problem;
    }
  }
}
