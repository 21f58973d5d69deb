/** Messages to the Pulumi engine, shown on a resource's row. */

import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Message } from "../messages";

export class EngineLog {
  #client: EngineClient | undefined;

  /** @param address - the engine's address, `host:port`; the method may be called more than once */
  connect(address: string | undefined): void {
    if (address === undefined || !/^[\w.[\]:-]+:\d+$/.test(address)) return;
    this.#client?.close();
    this.#client = new EngineClient(address, credentials.createInsecure());
  }

  /** Resolves when the engine has received the message or is unreachable: a message must never fail a snapshot. */
  send({ severity, ephemeral, message, urn }: Message & { readonly urn: string }): Promise<void> {
    const client = this.#client;
    if (client === undefined) return Promise.resolve();
    const request = new LogRequest();
    request.setSeverity(severity === "warning" ? LogSeverity.WARNING : LogSeverity.INFO);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    request.setUrn(urn);
    return new Promise((resolve) => client.log(request, () => resolve()));
  }
}
