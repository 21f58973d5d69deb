/**
 * Looks up the settings of a connection in the three places that may set them: arguments, stack configuration, environment.
 * Which settings there are, and their kinds and variables: `args/tables/connection.ts`.
 */

import { booleanOf, fromText, holdsSecret, problemWith, readRow } from "../args/kinds";
import { CONNECTION, CONNECTION_NAMESPACE, type SettingName } from "../args/tables/connection";
import type { Row } from "../args/tables/row";
import { PROGRAM_VOCABULARY, type Vocabulary } from "../args/vocabulary";
import { suggestion } from "../suggestion";

export type { ConnectionArgs, SettingName } from "../args/tables/connection";

/** Stack configuration by its full key (`consul:address`), and the process's environment. */
export interface Sources {
  config(key: string): string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The namespace of stack configuration where the arguments name none. Default: `consul` */
  readonly namespace?: string;
  /** How the front end calls arguments. Default: as a program does. */
  readonly vocabulary?: Vocabulary;
}

/** How hints call the settings of a connection. It holds no values. */
export interface SettingLabels {
  /** Of each setting that is set: `connection.address`, `consul:address`, `CONSUL_HTTP_ADDR` or `--http-addr`. */
  readonly set: Readonly<Partial<Record<SettingName, string>>>;
  /**
   * Of each setting: all places that may set it, such as "connection.token, consul:token or CONSUL_HTTP_TOKEN"; empty where
   * the front end has none.
   */
  readonly places: Readonly<Record<SettingName, string>>;
  /** What the scheme follows from: to get the other one, all of them must change. */
  readonly scheme: readonly SchemeOrigin[];
}

export interface SchemeOrigin {
  readonly label: string;
  readonly kind: "address" | "scheme" | "variable";
}

/** A setting that an option of the command sets. */
export interface SettingOption {
  readonly name: SettingName;
  /** Such as `--ca-file`. */
  readonly option: string;
  readonly value: string;
}

/** One thing wrong with a connection. */
export interface ConnectionProblem {
  /** The argument; left out where a host would print a secret beside it, and for what is not an argument. */
  readonly path?: string;
  /** One sentence, free of secret values. */
  readonly reason: string;
}

const NAMES = Object.keys(CONNECTION) as SettingName[];

/** The settings that replace each other, by their precedence within one place. */
export const RIVALS = {
  token: ["tokenFile", "token"],
  authorities: ["caFile", "caPem", "caPath"],
  certificate: ["certFile", "certPem"],
  key: ["keyFile", "keyPem"],
} as const satisfies Readonly<Record<string, readonly SettingName[]>>;

/** The places that may set a setting, by precedence. */
export const PLACES = { argument: 0, configuration: 1, environment: 2 } as const;

/** A setting that one of the places sets. */
export interface Setting {
  readonly name: SettingName;
  /** Of the setting's kind; a symbol while it is unknown. */
  readonly value: unknown;
  /** How a message calls it: `connection.address`, `consul:address` or `CONSUL_HTTP_ADDR`. */
  readonly label: string;
  /** One of `PLACES`. */
  readonly place: number;
}

/** Looks settings up by their precedence, and collects what is wrong with them. */
export class Settings {
  readonly problems: ConnectionProblem[] = [];
  readonly #places: readonly ReadonlyMap<SettingName, Setting>[];
  readonly vocabulary: Vocabulary;
  readonly #config: unknown;
  readonly #namespace: string;

  /** @param args - `ConnectionArgs` as a program in any language wrote them; a symbol stands for an unknown value */
  constructor(args: object, sources: Sources) {
    this.vocabulary = sources.vocabulary ?? PROGRAM_VOCABULARY;
    const written = this.#arguments(args);
    this.#namespace = sources.namespace ?? CONNECTION_NAMESPACE;
    const config = written.get("config")?.value ?? this.#namespace;
    this.#config = config;
    this.#places =
      typeof config === "symbol"
        ? [written, everything(config)]
        : [
            written,
            this.#configuration(config as string, sources),
            config === this.#namespace ? this.#environment(sources) : new Map(),
          ];
  }

  /** The setting from the first place that sets it, under any of several names that replace each other. */
  find(...names: readonly SettingName[]): Setting | undefined {
    for (const place of this.#places) {
      const found = names.flatMap((name) => place.get(name) ?? []);
      if (found[0] !== undefined) return found[0];
    }
    return undefined;
  }

  /** As `find`, for names of which a place may set only one. */
  findOne(...names: readonly SettingName[]): Setting | undefined {
    const found = this.find(...names);
    const others = names.flatMap((name) => this.#places[found?.place ?? PLACES.argument]?.get(name) ?? []);
    // Of several environment variables Consul itself uses the first.
    if (found !== undefined && others.length > 1 && found.place < PLACES.environment) {
      this.refuse(found, `${others.map(({ label }) => label).join(" and ")} are set together: set only one of them`);
    }
    return found;
  }

  /** The string of a setting, if a place sets it and it is known. */
  text(name: SettingName): string | undefined {
    const value = this.find(name)?.value;
    return typeof value === "string" ? value : undefined;
  }

  /** The strings of all settings that the table marks as secret, as far as places set them. */
  secrets(): string[] {
    return NAMES.filter((name) => rowOf(name).secret === true).flatMap((name) => this.text(name) ?? []);
  }

  /** A timeout in milliseconds; its default where no place sets it. */
  milliseconds(name: "connectTimeout" | "firstByteTimeout" | "idleTimeout"): number {
    return Number(readRow(rowOf(name), this.find(name)?.value));
  }

  /**
   * The settings in effect that the command has options for, except the address: each option with its value. None of them
   * is a secret.
   */
  options(): SettingOption[] {
    return NAMES.filter((name) => name !== "address" && !holdsSecret(rowOf(name))).flatMap((name) => {
      const { option } = rowOf(name);
      const rivals = rivalsOf(name);
      const setting = this.find(...rivals);
      return option !== undefined && setting?.name === name && typeof setting.value === "string"
        ? [{ name, option, value: setting.value }]
        : [];
    });
  }

  /** How hints call the settings. */
  labels(scheme: readonly SchemeOrigin[]): SettingLabels {
    const entries = <T>(each: (name: SettingName) => T | undefined): [SettingName, T][] =>
      NAMES.flatMap((name) => {
        const value = each(name);
        return value === undefined ? [] : [[name, value]];
      });
    return {
      set: Object.fromEntries(entries((name) => this.find(name)?.label)),
      places: Object.fromEntries(entries((name) => this.#placesOf(name))) as Record<SettingName, string>,
      scheme,
    };
  }

  /** All places that may set a setting, as a list in words. */
  #placesOf(name: SettingName): string {
    const ownVariable = this.#config === this.#namespace ? rowOf(name).environment?.variable : undefined;
    const { isProgram } = this.vocabulary;
    const namespace = typeof this.#config === "string" ? this.#config : this.#namespace;
    const places = [
      this.vocabulary.nameOf(`connection.${name}`),
      isProgram ? `${namespace}:${name}` : undefined,
      ownVariable,
    ];
    const known = places.filter((place) => place !== undefined);
    return known.length < 2 ? known.join() : `${known.slice(0, -1).join(", ")} or ${known.at(-1) ?? ""}`;
  }

  /** What to write in place of another setting: a program's arguments and its stack configuration share their names. */
  alternatives(...names: readonly SettingName[]): string {
    const { isProgram } = this.vocabulary;
    return names
      .flatMap((name) => (isProgram ? name : (this.vocabulary.nameOf(`connection.${name}`) ?? [])))
      .join(" or ");
  }

  refuse(setting: Setting, reason: string): void {
    const hasPath = setting.place === PLACES.argument && !holdsSecret(rowOf(setting.name));
    this.problems.push(hasPath ? { path: `connection.${setting.name}`, reason } : { reason });
  }

  #arguments(args: object): Map<SettingName, Setting> {
    const found = new Map<SettingName, Setting>();
    for (const [key, value] of Object.entries(args) as [string, unknown][]) {
      const name = NAMES.find((known) => known === key);
      const label = (name && this.vocabulary.nameOf(`connection.${name}`)) ?? `connection.${key}`;
      if (name === undefined) {
        this.problems.push({ reason: `${label} is not a setting: ${suggestion(key, NAMES)}` });
      } else if (value !== undefined && value !== null) {
        this.#keep(found, { name, value, label, place: PLACES.argument });
      }
    }
    return found;
  }

  #configuration(namespace: string, sources: Sources): Map<SettingName, Setting> {
    const found = new Map<SettingName, Setting>();
    for (const name of NAMES.filter((each) => rowOf(each).configuration !== false)) {
      const label = `${namespace}:${name}`;
      const value = sources.config(label);
      if (!value) continue;
      this.#keep(found, { name, value: fromText(rowOf(name).kind, value), label, place: PLACES.configuration });
    }
    return found;
  }

  #environment(sources: Sources): Map<SettingName, Setting> {
    const found = new Map<SettingName, Setting>();
    for (const name of NAMES) {
      const { environment, kind } = rowOf(name);
      const text = environment && sources.env[environment.variable];
      if (environment === undefined || !text) continue;
      const { variable: label, values } = environment;
      const isOn = booleanOf(text);
      if (values !== undefined && isOn === undefined) {
        this.problems.push({ reason: `${label} must be true or false` });
        continue;
      }
      const value = values === undefined ? fromText(kind, text) : isOn === true ? values.true : values.false;
      // A variable that is false may leave the setting open.
      if (values === undefined || value !== undefined) {
        this.#keep(found, { name, value, label, place: PLACES.environment });
      }
    }
    return found;
  }

  #keep(found: Map<SettingName, Setting>, setting: Setting): void {
    const problem = problemWith(setting.label, rowOf(setting.name), setting.value);
    if (problem !== undefined) this.refuse(setting, problem);
    else if (setting.value === "") this.refuse(setting, `${setting.label} is empty: omit it instead`);
    else found.set(setting.name, setting);
  }
}

/** The row of a setting, as one of any table: whether it has a variable or a default is not known here. */
function rowOf(name: SettingName): Row {
  return CONNECTION[name];
}

/** The setting itself and those that replace it. */
function rivalsOf(name: SettingName): readonly SettingName[] {
  const groups: readonly (readonly SettingName[])[] = Object.values(RIVALS);
  return groups.find((names) => names.includes(name)) ?? [name];
}

/** While the namespace is unknown, any setting may be there. */
function everything(unknown: symbol): Map<SettingName, Setting> {
  return new Map(NAMES.map((name) => [name, { name, value: unknown, label: name, place: PLACES.environment }]));
}
