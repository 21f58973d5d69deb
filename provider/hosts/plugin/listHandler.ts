/**
 * The message stream of Pulumi's `List`, with backpressure, so that memory does not grow with the number of results.
 */

import { once } from "node:events";
import type { ServerWritableStream } from "@grpc/grpc-js";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { toServiceError } from "./failures";
import type { Host } from "./host";
import type { End, Found, Query } from "./list";

type Call = ServerWritableStream<rpc.ListRequest, rpc.ListResponse>;

export function listHandler(host: Host): (call: Call) => void {
  return (call) => {
    answer(host, call).then(
      (last) => (last === undefined ? call.end() : call.end(last)),
      (error: unknown) => call.emit("error", toServiceError(error)),
    );
  };
}

async function answer(host: Host, call: Call): Promise<rpc.ListResponse | undefined> {
  const gone = new AbortController();
  call.on("cancelled", () => gone.abort());
  const { request } = call;
  const query: Query = {
    token: request.getToken(),
    inputs: request.getQuery()?.toJavaScript() ?? {},
    limit: request.getLimit(),
    pageSize: request.getPageSize(),
    continuation: request.getContinuationToken(),
  };
  const send = async (found: Found): Promise<void> => {
    if (!call.write(resultOf(found))) await once(call, "drain", { signal: gone.signal });
  };
  return lastOf(await host.list(query, gone.signal, send));
}

function resultOf({ id, name }: Found): rpc.ListResponse {
  const result = new rpc.ListResponse.Result();
  result.setId(id);
  result.setName(name);
  const response = new rpc.ListResponse();
  response.setResult(result);
  return response;
}

function lastOf(end: End): rpc.ListResponse | undefined {
  if (end.kind === "complete") return undefined;
  const response = new rpc.ListResponse();
  if (end.kind === "unknown") {
    response.setComputed(new rpc.ListResponse.Computed());
    return response;
  }
  const continuation = new rpc.ListResponse.Continuation();
  continuation.setContinuationToken(end.continuation);
  response.setContinuation(continuation);
  return response;
}
