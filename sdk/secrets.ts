/** Arguments that are secret whether or not the program says so. */

import * as pulumi from "@pulumi/pulumi";
import type { ConsulConnection, ConsulDecryption } from "./args";

const OF_CONNECTION: readonly string[] = ["token", "httpAuth", "keyPem", "headers"];
const OF_DECRYPTION: readonly string[] = ["identities"];

/** The connection, its secret settings marked. */
export function secretConnection(connection: pulumi.Input<ConsulConnection>): pulumi.Input<ConsulConnection> {
  return withSecrets(connection, OF_CONNECTION);
}

/** The decryption, its identities marked. */
export function secretDecryption(decryption: pulumi.Input<ConsulDecryption>): pulumi.Input<ConsulDecryption> {
  return withSecrets(decryption, OF_DECRYPTION);
}

/** An argument given whole is known only later; one written out is marked setting by setting. */
function withSecrets<T extends object>(argument: pulumi.Input<T>, names: readonly string[]): pulumi.Input<T> {
  return isDeferred(argument)
    ? pulumi.output<T>(argument).apply((settings) => marked(settings as T, names))
    : marked(argument, names);
}

function isDeferred<T>(value: pulumi.Input<T>): value is Promise<T> | pulumi.OutputInstance<T> {
  return value instanceof Promise || pulumi.Output.isInstance(value);
}

function marked<T extends object>(settings: T, names: readonly string[]): T {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, names.includes(name) ? pulumi.secret(value) : value]),
  ) as T;
}
