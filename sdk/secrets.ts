/** Arguments that are secret whether or not the program says so. */

import * as pulumi from "@pulumi/pulumi";

type Names = Readonly<Record<"connection" | "decryption", readonly string[]>>;

/**
 * Per argument, the names in it that are no secret; any other name may be a misspelled secret. Written by `npm run docs` from the
 * tables in `provider/args/tables/`, which no program loads.
 */
const OPEN: Names = {
  connection: [
    "address",
    "scheme",
    "tokenFile",
    "datacenter",
    "caFile",
    "caPem",
    "caPath",
    "certFile",
    "keyFile",
    "tlsServerName",
    "insecureHttps",
    "namespace",
    "partition",
    "config",
    "connectTimeout",
    "firstByteTimeout",
    "idleTimeout",
  ],
  decryption: ["identityFiles"],
};

/** The arguments that are secret as a whole; written like `OPEN`. */
const SECRET: readonly string[] = ["tokenAfterRestore"];

/** A resource's arguments, the secret ones marked, and the secret settings of nested ones. */
export function withSecrets(args: object): pulumi.Inputs {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]: [string, pulumi.Input<unknown>]) => [name, withSecret(name, value)]),
  );
}

function withSecret(name: string, value: pulumi.Input<unknown>): pulumi.Input<unknown> {
  if (value === undefined) return undefined;
  if (SECRET.includes(name)) return pulumi.secret(value);
  return name === "connection" || name === "decryption" ? withSecretSettings(value, OPEN[name]) : value;
}

/** A value that is deferred as a whole is known only later; an object is marked setting by setting. */
function withSecretSettings(value: pulumi.Input<unknown>, open: readonly string[]): pulumi.Input<unknown> {
  return value instanceof Promise || pulumi.Output.isInstance(value)
    ? pulumi.output(value).apply((settings: unknown) => marked(settings, open))
    : marked(value, open);
}

function marked(settings: unknown, open: readonly string[]): unknown {
  // A value that is no object of settings is wrong, which the provider will say, and may itself be a secret.
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) return pulumi.secret(settings);
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]: [string, unknown]) => [
      name,
      open.includes(name) ? value : pulumi.secret(value),
    ]),
  );
}
