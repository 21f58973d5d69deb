/** The settings of a connection, and the three places that may give them: arguments, configuration, environment. */

import { suggestion } from "../nearest";

/**
 * How to reach Consul. Every setting that is left out here is taken from stack configuration (`consul:address`, …, the
 * names of the `@pulumi/consul` provider), then from Consul's own environment variables, each by itself.
 *
 * Tokens and keys given here are secrets in state; from configuration, the environment or a file they never enter it.
 */
export interface ConnectionArgs {
  /**
   * `host:port`, a URL (`https://consul.example/prefix`), or `unix:///path`. As in every URL, a host without a port
   * means 80, or 443 for https. Environment: `CONSUL_HTTP_ADDR`. Default: `127.0.0.1:8500`.
   */
  readonly address?: string;
  /** Environment: `CONSUL_HTTP_SSL`. Default: that of the address, else `"http"`. */
  readonly scheme?: "http" | "https";
  /** An ACL token; a snapshot needs the rule `acl = "write"`. Environment: `CONSUL_HTTP_TOKEN`. Default: none. */
  readonly token?: string;
  /** A file that holds the token; goes before `token`. Environment: `CONSUL_HTTP_TOKEN_FILE`. Default: none. */
  readonly tokenFile?: string;
  /** The datacenter to ask. Default: that of the agent. */
  readonly datacenter?: string;
  /** Basic authentication for a proxy before Consul, `user` or `user:password`. Environment: `CONSUL_HTTP_AUTH`. */
  readonly httpAuth?: string;
  /** The authorities that may have signed the server's certificate, a PEM file. Environment: `CONSUL_CACERT`. */
  readonly caFile?: string;
  /** The same as text. */
  readonly caPem?: string;
  /** The same as a folder of PEM files. Environment: `CONSUL_CAPATH`. */
  readonly caPath?: string;
  /** The client's certificate, a PEM file; needs a key. Environment: `CONSUL_CLIENT_CERT`. */
  readonly certFile?: string;
  /** The same as text. */
  readonly certPem?: string;
  /** The client's private key, a PEM file without a passphrase. Environment: `CONSUL_CLIENT_KEY`. */
  readonly keyFile?: string;
  /** The same as text. */
  readonly keyPem?: string;
  /** The name to look for in the server's certificate. Environment: `CONSUL_TLS_SERVER_NAME`. Default: the host. */
  readonly tlsServerName?: string;
  /** Accept any certificate. Environment: `CONSUL_HTTP_SSL_VERIFY=false`. Default: `false`. */
  readonly insecureHttps?: boolean;
  /**
   * Headers to send along, such as a proxy in between wants. Those that this package sends itself (`X-Consul-Token`,
   * `Host`, …) are refused. In configuration, JSON of the same form. Default: none.
   */
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  /** Consul Enterprise. Environment: `CONSUL_NAMESPACE`. Default: none. */
  readonly namespace?: string;
  /** Consul Enterprise. Environment: `CONSUL_PARTITION`. Default: none. */
  readonly partition?: string;
  /**
   * The configuration namespace to read instead of `consul`, for programs with several clusters: with `"east"`, the
   * settings are `east:address`, `east:token`, ….
   *
   * The environment then counts for nothing: `CONSUL_*` describes one cluster, and its token must not reach another.
   * So the address must be given, as an argument or as `east:address`.
   */
  readonly config?: string;
  /** How long connecting may take: a duration (`"30s"`), or a number of seconds. Default: `"30s"`. */
  readonly connectTimeout?: string | number;
  /**
   * How long the server may take to its first byte, before which it compresses the whole snapshot: a duration, or a
   * number of seconds. Default: `"30m"`.
   */
  readonly firstByteTimeout?: string | number;
  /** How long the server may be silent between bytes: a duration, or a number of seconds. Default: `"2m"`. */
  readonly idleTimeout?: string | number;
}

export type SettingName = keyof ConnectionArgs;

/** Stack configuration by its full key (`consul:address`), and the process's environment. */
export interface Sources {
  config(key: string): string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One thing wrong with a connection. */
export interface ConnectionProblem {
  /** The argument; left out where a host would print a secret beside it, and for what is not an argument. */
  readonly path?: string;
  /** One sentence, free of secret values. */
  readonly reason: string;
}

/** The kind of each setting's value, and the environment variable that gives it. */
const SETTINGS: Readonly<Record<SettingName, { kind: "text" | "flag" | "time" | "list"; variable?: string }>> = {
  address: { kind: "text", variable: "CONSUL_HTTP_ADDR" },
  scheme: { kind: "text", variable: "CONSUL_HTTP_SSL" },
  token: { kind: "text", variable: "CONSUL_HTTP_TOKEN" },
  tokenFile: { kind: "text", variable: "CONSUL_HTTP_TOKEN_FILE" },
  datacenter: { kind: "text" },
  httpAuth: { kind: "text", variable: "CONSUL_HTTP_AUTH" },
  caFile: { kind: "text", variable: "CONSUL_CACERT" },
  caPem: { kind: "text" },
  caPath: { kind: "text", variable: "CONSUL_CAPATH" },
  certFile: { kind: "text", variable: "CONSUL_CLIENT_CERT" },
  certPem: { kind: "text" },
  keyFile: { kind: "text", variable: "CONSUL_CLIENT_KEY" },
  keyPem: { kind: "text" },
  tlsServerName: { kind: "text", variable: "CONSUL_TLS_SERVER_NAME" },
  insecureHttps: { kind: "flag", variable: "CONSUL_HTTP_SSL_VERIFY" },
  headers: { kind: "list" },
  namespace: { kind: "text", variable: "CONSUL_NAMESPACE" },
  partition: { kind: "text", variable: "CONSUL_PARTITION" },
  config: { kind: "text" },
  connectTimeout: { kind: "time" },
  firstByteTimeout: { kind: "time" },
  idleTimeout: { kind: "time" },
};

const NAMES = Object.keys(SETTINGS) as SettingName[];

/** Named without a path: a host prints the value of the property that a problem names. */
const SECRET: ReadonlySet<string> = new Set<SettingName>(["token", "httpAuth", "certPem", "keyPem", "headers"]);

const WRONG_KIND = {
  text: "is text",
  flag: "is true or false",
  time: 'is a duration such as "30s", or a number of seconds',
  list: "is a list of { name, value }",
} as const;

/** Who may give a setting, by precedence. */
export const PLACES = { argument: 0, configuration: 1, environment: 2 } as const;

/** A setting that one of the places gives. */
export interface Given {
  readonly name: SettingName;
  /** Of the setting's kind; a symbol while the engine does not know it yet. */
  readonly value: unknown;
  /** How a message calls it: `connection.address`, `consul:address` or `CONSUL_HTTP_ADDR`. */
  readonly label: string;
  /** One of `PLACES`. */
  readonly place: number;
}

/** Looks settings up by their precedence, and collects what is wrong with them. */
export class Settings {
  readonly problems: ConnectionProblem[] = [];
  readonly #places: readonly ReadonlyMap<SettingName, Given>[];

  /** @param args - `ConnectionArgs`, as a program of any language gave them; symbols stand for what is not known yet */
  constructor(args: object, sources: Sources) {
    const given = this.#arguments(args);
    const config = given.get("config")?.value ?? "consul";
    this.#places =
      typeof config === "symbol"
        ? [given, everything(config)]
        : [
            given,
            this.#configuration(config as string, sources),
            config === "consul" ? this.#environment(sources) : new Map(),
          ];
  }

  /** The setting from the first place that gives it, under any of the names that stand in for each other. */
  find(...names: readonly SettingName[]): Given | undefined {
    for (const place of this.#places) {
      const found = names.flatMap((name) => place.get(name) ?? []);
      if (found[0] !== undefined) return found[0];
    }
    return undefined;
  }

  /** As `find`, for names of which a place must give only one. */
  findOne(...names: readonly SettingName[]): Given | undefined {
    const found = this.find(...names);
    const others = names.flatMap((name) => this.#places[found?.place ?? PLACES.argument]?.get(name) ?? []);
    // Of several variables of the environment Consul itself takes the first.
    if (found !== undefined && others.length > 1 && found.place < PLACES.environment) {
      this.refuse(found, `${others.map(({ label }) => label).join(" and ")} are given together: give one of them`);
    }
    return found;
  }

  /** The text of a setting, if it is given and known. */
  text(name: SettingName): string | undefined {
    const value = this.find(name)?.value;
    return typeof value === "string" ? value : undefined;
  }

  refuse(given: Given, reason: string): void {
    const hasPath = given.place === PLACES.argument && !SECRET.has(given.name);
    this.problems.push(hasPath ? { path: `connection.${given.name}`, reason } : { reason });
  }

  #arguments(args: object): Map<SettingName, Given> {
    const found = new Map<SettingName, Given>();
    for (const [key, value] of Object.entries(args) as [string, unknown][]) {
      const name = NAMES.find((known) => known === key);
      const label = `connection.${key}`;
      if (name === undefined) {
        this.problems.push({ reason: `${label} is not a setting: ${suggestion(key, NAMES)}` });
      } else if (value !== undefined && value !== null) {
        this.#keep(found, { name, value, label, place: PLACES.argument });
      }
    }
    return found;
  }

  #configuration(namespace: string, sources: Sources): Map<SettingName, Given> {
    const found = new Map<SettingName, Given>();
    for (const name of NAMES.filter((each) => each !== "config")) {
      const label = `${namespace}:${name}`;
      const value = sources.config(label);
      if (value)
        this.#keep(found, { name, value: fromText(SETTINGS[name].kind, value), label, place: PLACES.configuration });
    }
    return found;
  }

  #environment(sources: Sources): Map<SettingName, Given> {
    const found = new Map<SettingName, Given>();
    for (const name of NAMES) {
      const label = SETTINGS[name].variable;
      const text = label === undefined ? undefined : sources.env[label];
      if (label === undefined || !text) continue;
      const given = { name, label, place: PLACES.environment };
      if (name !== "scheme" && name !== "insecureHttps") {
        found.set(name, { ...given, value: text });
      } else if (truth(text) === undefined) {
        this.problems.push({ reason: `${label} is neither true nor false` });
      } else if (name === "scheme") {
        if (truth(text) === true) found.set(name, { ...given, value: "https" });
      } else {
        found.set(name, { ...given, value: truth(text) === false });
      }
    }
    return found;
  }

  #keep(found: Map<SettingName, Given>, given: Given): void {
    const { kind } = SETTINGS[given.name];
    if (!isOfKind(kind, given.value)) this.refuse(given, `${given.label} ${WRONG_KIND[kind]}`);
    else if (given.value === "") this.refuse(given, `${given.label} is empty: leave it out instead`);
    else found.set(given.name, given);
  }
}

/** What nothing can be said about: while the namespace is not known, any setting may be there. */
function everything(unknown: symbol): Map<SettingName, Given> {
  return new Map(NAMES.map((name) => [name, { name, value: unknown, label: name, place: PLACES.environment }]));
}

function isOfKind(kind: "text" | "flag" | "time" | "list", value: unknown): boolean {
  if (typeof value === "symbol") return true;
  if (kind === "text") return typeof value === "string";
  if (kind === "flag") return typeof value === "boolean";
  if (kind === "time") return typeof value === "string" || typeof value === "number";
  return Array.isArray(value);
}

/** Configuration is text: what stands for itself in a program is read from it here. */
function fromText(kind: "text" | "flag" | "time" | "list", text: string): unknown {
  if (kind === "flag") return truth(text);
  if (kind === "time") return /^\d+$/.test(text) ? Number(text) : text;
  if (kind !== "list") return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** As Consul reads its own variables. */
function truth(text: string): boolean | undefined {
  if (/^(1|t|true)$/i.test(text)) return true;
  return /^(0|f|false)$/i.test(text) ? false : undefined;
}
