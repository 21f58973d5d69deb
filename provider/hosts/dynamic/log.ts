/**
 * Messages to the Pulumi engine, shown on a resource's row. The dynamic provider protocol has no log call, but the host
 * receives the engine's address.
 */

import { createRequire } from "node:module";
import type { Message } from "../messages";
import type * as Grpc from "@grpc/grpc-js";
import type * as EngineRpc from "@pulumi/pulumi/proto/engine_grpc_pb";
import type * as EngineMessages from "@pulumi/pulumi/proto/engine_pb";

export interface ResourceMessage extends Message {
  /** The resource whose row shows it. Default: the stack. */
  readonly urn?: string;
}

interface Engine {
  readonly client: EngineRpc.EngineClient;
  readonly messages: typeof EngineMessages;
}

let engine: Engine | undefined;

/** Resolves when the engine has received the message or is unreachable: a message must never fail a snapshot. */
export function engineLog({ severity, ephemeral, message, urn }: ResourceMessage): Promise<void> {
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
 * The host's script receives the engine's address as an argument. Uses the script's own copies of gRPC and of Pulumi's
 * messages, which are already loaded and have the right version.
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
