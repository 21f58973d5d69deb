/** Sends lines to the local syslog through the system's `logger` program: Node.js cannot write to the syslog socket. */

import { type ChildProcess, spawn } from "node:child_process";
import type { Level } from "./config/config";
import { type CleanText } from "../provider/text";

const SEVERITIES: Readonly<Record<Level, string>> = {
  TRACE: "debug",
  DEBUG: "debug",
  INFO: "info",
  WARN: "warning",
  ERROR: "err",
};

export class Syslog {
  readonly #loggers = new Map<Level, ChildProcess>();

  /**
   * @param failed - receives, once, why lines do not arrive
   * @param program - Default: `logger`
   */
  constructor(
    private readonly facility: string,
    private readonly failed: (why: string) => void,
    private readonly program = "logger",
  ) {}

  write(line: CleanText, level: Level): void {
    const logger = this.#loggers.get(level) ?? this.#start(level);
    logger.stdin?.write(`${line}\n`);
  }

  /** Closes the input of the programs; they pass on all lines and then exit. */
  close(): void {
    for (const logger of this.#loggers.values()) logger.stdin?.end();
    this.#loggers.clear();
  }

  #start(level: Level): ChildProcess {
    const priority = `${this.facility.toLowerCase()}.${SEVERITIES[level]}`;
    const logger = spawn(this.program, ["-t", "consul-snapshot", "-p", priority], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    logger.on("error", () => this.#fail(`the program ${this.program} cannot be run`));
    logger.stdin.on("error", () => this.#fail(`the program ${this.program} has ended`));
    // The program must not keep the agent alive.
    logger.unref();
    this.#loggers.set(level, logger);
    return logger;
  }

  #hasFailed = false;

  #fail(why: string): void {
    if (!this.#hasFailed) this.failed(why);
    this.#hasFailed = true;
  }
}
