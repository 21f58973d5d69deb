/** Messages to the Pulumi engine, shown on a resource's row. The dynamic host has no such call, but is given the address. */

import { createRequire } from "node:module";
import type * as Grpc from "@grpc/grpc-js";
import type * as EngineRpc from "@pulumi/pulumi/proto/engine_grpc_pb";
import type * as EngineMessages from "@pulumi/pulumi/proto/engine_pb";

export type Severity = "info" | "warning";

export interface Message {
  readonly severity: Severity;
  /** Shown as live progress, in place of the one before, and not kept. */
  readonly ephemeral: boolean;
  readonly message: string;
  /** The resource on whose row it is shown. Default: the stack's. */
  readonly urn?: string;
}

interface Engine {
  readonly client: EngineRpc.EngineClient;
  readonly messages: typeof EngineMessages;
}

let engine: Engine | undefined;

/** Resolves when the engine has the message, or cannot be told: a message must never fail a snapshot. */
export function engineLog({ severity, ephemeral, message, urn }: Message): Promise<void> {
  engine ??= connect();
  if (engine === undefined) return Promise.resolve();
  const { client, messages } = engine;
  const log = new messages.LogRequest();
  log.setSeverity(severity === "warning" ? messages.LogSeverity.WARNING : messages.LogSeverity.INFO);
  log.setMessage(message);
  log.setEphemeral(ephemeral);
  log.setUrn(urn ?? "");
  return new Promise((resolve) => client.log(log, () => resolve()));
}

/**
 * The host's script is run with the engine's address as its argument. Its own copies of gRPC and Pulumi's messages are
 * taken: loaded already, and of the right version.
 */
function connect(): Engine | undefined {
  const [, script, address] = process.argv;
  if (script === undefined || address === undefined || !/^[\w.-]+:\d+$/.test(address)) return undefined;
  const fromHost = createRequire(script);
  const grpc = fromHost("@grpc/grpc-js") as typeof Grpc;
  const { EngineClient } = fromHost("@pulumi/pulumi/proto/engine_grpc_pb") as typeof EngineRpc;
  const messages = fromHost("@pulumi/pulumi/proto/engine_pb") as typeof EngineMessages;
  return { client: new EngineClient(address, grpc.credentials.createInsecure()), messages };
}
