/** Arguments that are secret whether or not the program says so. */

import * as pulumi from "@pulumi/pulumi";
import type { ConsulConnection, ConsulDecryption } from "./args";

const SECRET_OF_CONNECTION: readonly string[] = ["token", "httpAuth", "keyPem", "headers"];
const OPEN_OF_DECRYPTION = "identityFiles";

/** The connection, its secret settings marked. */
export function secretConnection(connection: pulumi.Input<ConsulConnection>): pulumi.Input<ConsulConnection> {
  return withSecrets(connection, (setting) => SECRET_OF_CONNECTION.includes(setting));
}

/** The decryption, all of it marked but the paths of files: also what a slip of the pen has named otherwise. */
export function secretDecryption(decryption: pulumi.Input<ConsulDecryption>): pulumi.Input<ConsulDecryption> {
  return withSecrets(decryption, (name) => name !== OPEN_OF_DECRYPTION);
}

/** An argument given whole is known only later; one written out is marked setting by setting. */
function withSecrets<T extends object>(
  argument: pulumi.Input<T>,
  isSecret: (name: string) => boolean,
): pulumi.Input<T> {
  return isDeferred(argument)
    ? pulumi.output<T>(argument).apply((settings) => marked(settings as T, isSecret))
    : marked(argument, isSecret);
}

function isDeferred<T>(value: pulumi.Input<T>): value is Promise<T> | pulumi.OutputInstance<T> {
  return value instanceof Promise || pulumi.Output.isInstance(value);
}

function marked<T extends object>(settings: T, isSecret: (name: string) => boolean): T {
  // What is no object of settings is wrong, which the provider will say, and may itself be a secret.
  if (typeof settings !== "object" || Array.isArray(settings)) return pulumi.secret<unknown>(settings);
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, isSecret(name) ? pulumi.secret(value) : value]),
  ) as T;
}
