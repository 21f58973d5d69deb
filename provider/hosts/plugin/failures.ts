/** Translates failures to gRPC errors. The engine prints the message on the resource's row, without a stack trace. */

import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { explain } from "../../errors";
import { PartialFailure } from "./host";

/**
 * A resource that was created but failed is sent in the status details. Go's gRPC reads them from this header; Node's
 * has no API for it.
 */
export function toServiceError(error: unknown): Pick<ServiceError, "code" | "details" | "metadata"> {
  const metadata = new Metadata();
  if (error instanceof PartialFailure) {
    const details = new Any();
    details.pack(initFailed(error).serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const whole = new Status();
    whole.setCode(status.UNKNOWN);
    whole.setMessage(explain(error.cause));
    whole.addDetails(details);
    metadata.add("grpc-status-details-bin", Buffer.from(whole.serializeBinary()));
  }
  return { code: status.UNKNOWN, details: explain(error instanceof PartialFailure ? error.cause : error), metadata };
}

function initFailed({ cause, state }: PartialFailure): ErrorResourceInitFailed {
  const failed = new ErrorResourceInitFailed();
  failed.setId(state.id);
  failed.setProperties(Struct.fromJavaScript(state.properties));
  failed.setReasonsList([explain(cause)]);
  failed.setRefreshBeforeUpdate(state.readBeforeUpdate);
  return failed;
}
