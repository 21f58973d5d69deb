/** The plugin's process: Pulumi starts it with the engine's address, and reads the port that it prints. */

import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { nameProgramByNpx } from "../../program";
import { registerEnvironment, remark } from "../../text";
import { watchParent } from "../shutdown";
import { Host } from "./host";
import { EngineLog } from "./log";
import { serviceOf } from "./service";

/** The same as Pulumi's own limit. */
const LARGEST_MESSAGE = 400 * 1024 * 1024;

function serve(args: readonly string[]): void {
  watchParent();
  registerEnvironment(process.env);
  nameProgramByNpx();
  const log = new EngineLog();
  // The processes of one run have the same engine.
  const engine = args.find((arg) => !arg.startsWith("-"));
  log.connect(engine);
  const host = new Host((message) => log.send(message), engine);
  const server = new Server({
    "grpc.max_receive_message_length": LARGEST_MESSAGE,
    "grpc.max_send_message_length": LARGEST_MESSAGE,
  });
  server.addService(ResourceProviderService, serviceOf(host, log));
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error === null) {
      process.stdout.write(`${port}\n`);
      return;
    }
    process.stderr.write(remark`the plugin could not open a port on 127.0.0.1: ${error.message}\n`);
    process.exit(1);
  });
}

serve(process.argv.slice(2));
