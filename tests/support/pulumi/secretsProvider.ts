/** A stand-in for Vault's transit engine, by which a stack's secrets are encrypted. */
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { listenOnLoopback } from "../faults/listening";

export const SECRETS_PROVIDER = "hashivault://tests";

let started: Promise<Readonly<Record<string, string>>> | undefined;

/**
 * Starts it, once in a process, and does not keep the process alive. Pulumi's own way derives its key from a passphrase
 * with a million rounds of PBKDF2: 0.3 s of a processor in each of the engine's commands (3.259). The key that it gives
 * out here is no secret.
 *
 * @returns what Pulumi needs in its environment to find it
 */
export function startSecretsProvider(): Promise<Readonly<Record<string, string>>> {
  started ??= start();
  return started;
}

async function start(): Promise<Readonly<Record<string, string>>> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { plaintext, ciphertext } = JSON.parse(body) as { plaintext?: string; ciphertext?: string };
      const data = { ciphertext: plaintext, plaintext: ciphertext };
      response.setHeader("content-type", "application/json").end(JSON.stringify({ data }));
    });
  });
  const { address } = await listenOnLoopback(server);
  server.unref();
  return { VAULT_SERVER_URL: `http://${address}`, VAULT_SERVER_TOKEN: "none" };
}
