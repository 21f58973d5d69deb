/** The values of one object of the configuration, with defaults and variables filled in. */

import type { Policy } from "../../provider/retention/policy";
import { registerSecret } from "../../provider/text";
import type { Values } from "./document";
import type { KeyTable } from "./keys";
import { parseSecretReference } from "./secretReference";
import { readValue } from "./values";
import { readSpecifiedFileSync } from "../../provider/specifiedFile";
import { unreadable } from "../../provider/systemCode";

/** Where values that are not in the configuration itself come from. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
}

export class Lookup {
  /**
   * @param prefix - the prefix of keys in messages, such as `login.`
   * @param problems - receives the problems, one sentence each
   */
  constructor(
    private readonly prefix: string,
    private readonly table: KeyTable,
    private readonly values: Values,
    private readonly sources: SecretSources,
    private readonly problems: string[],
  ) {}

  /** The name of a key, or of the object itself, in messages. */
  label(name?: string): string {
    return name === undefined ? this.prefix.slice(0, -1) : `${this.prefix}${name}`;
  }

  /** @param problem - one sentence, free of secrets */
  refuse(problem: string): void {
    this.problems.push(problem);
  }

  has(name: string): boolean {
    return this.values[name] !== undefined;
  }

  /** A string; `undefined` if it is not set and has no default. */
  text(name: string): string | undefined {
    const written = this.written(name);
    if (written !== undefined) return written;
    const { environment, default: instead } = this.table[name] ?? {};
    const variable = environment === undefined ? undefined : this.sources.env[environment];
    return variable || (typeof instead === "string" ? instead : undefined);
  }

  /** A string, if a file or a flag sets it. */
  written(name: string): string | undefined {
    const value = this.values[name];
    if (typeof value !== "string") return undefined;
    if (this.table[name]?.secret !== true) return value;
    const secret = this.#secret(name, value);
    registerSecret(secret);
    return secret;
  }

  /** A count, or a duration in milliseconds. */
  number(name: string): number {
    return this.optionalNumber(name) ?? 0;
  }

  optionalNumber(name: string): number | undefined {
    const value = this.values[name];
    if (typeof value === "number") return value;
    const key = this.table[name];
    const instead = key?.default === undefined ? undefined : readValue(key, key.default);
    return typeof instead === "number" ? instead : undefined;
  }

  flag(name: string): boolean {
    return (this.values[name] ?? this.table[name]?.default) === true;
  }

  map(name: string): Readonly<Record<string, string>> {
    const value = this.values[name];
    return typeof value === "object" && !Array.isArray(value) ? (value as Readonly<Record<string, string>>) : {};
  }

  policy(name: string): Policy | undefined {
    const value = this.values[name];
    return typeof value === "object" && !Array.isArray(value) ? (value as Policy) : undefined;
  }

  list(name: string): readonly string[] | undefined {
    const value = this.values[name];
    return Array.isArray(value) ? (value as readonly string[]) : undefined;
  }

  #secret(name: string, value: string): string | undefined {
    const reference = parseSecretReference(value);
    if (reference === undefined) return value;
    const { kind, place } = reference;
    if (kind === "env") {
      const text = this.sources.env[place];
      if (!text) this.refuse(`${this.label(name)}: the variable ${place} is not set`);
      return text;
    }
    try {
      return readSpecifiedFileSync(place).toString().trim();
    } catch (error) {
      this.refuse(`${this.label(name)}: ${unreadable(place, error)}`);
      return undefined;
    }
  }
}
