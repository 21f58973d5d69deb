/** Marks arguments as secret, even if the program does not. */

import * as pulumi from "@pulumi/pulumi";

type Names = Readonly<Record<"connection" | "decryption", readonly string[]>>;

/**
 * For each argument, the names in it that are not secret; any other name may be a misspelled secret. `npm run docs` writes this list
 * from the tables in `provider/args/tables/`, which programs do not load.
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

/** The arguments that are secret as a whole; `npm run docs` writes this list, too. */
const SECRET: readonly string[] = ["tokenAfterRestore"];

/** A resource's arguments, in which secret arguments and secret settings of nested arguments are marked. */
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

/** In an object, each setting is marked separately; a deferred value is handled when it is known. */
function withSecretSettings(value: pulumi.Input<unknown>, open: readonly string[]): pulumi.Input<unknown> {
  return value instanceof Promise || pulumi.Output.isInstance(value)
    ? pulumi.output(value).apply((settings: unknown) => marked(settings, open))
    : marked(value, open);
}

function marked(settings: unknown, open: readonly string[]): unknown {
  // A value that is not an object of settings is invalid and may itself be a secret; the provider reports it.
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) return pulumi.secret(settings);
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]: [string, unknown]) => [
      name,
      open.includes(name) ? value : pulumi.secret(value),
    ]),
  );
}
