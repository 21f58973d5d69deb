/**
 * Pulumi's `ResourceProvider` service: translates messages for the host. Methods not listed here are answered as
 * unimplemented.
 */

import { isDeepStrictEqual } from "node:util";
import type { sendUnaryData, ServerUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { readPackageFile } from "../../packageFile";
import type { Change } from "../../lifecycle";
import { abortAll } from "../shutdown";
import { type DiffKind, detailedDiff } from "./detailedDiff";
import { toServiceError } from "./failures";
import type { CheckedWire, Host, StateWire } from "./host";
import { listHandler } from "./listHandler";
import type { EngineLog } from "./log";
import type { WireObject } from "../values";

const KINDS: Readonly<Record<DiffKind, rpc.PropertyDiff.Kind>> = {
  add: rpc.PropertyDiff.Kind.ADD,
  addReplace: rpc.PropertyDiff.Kind.ADD_REPLACE,
  delete: rpc.PropertyDiff.Kind.DELETE,
  deleteReplace: rpc.PropertyDiff.Kind.DELETE_REPLACE,
  update: rpc.PropertyDiff.Kind.UPDATE,
  updateReplace: rpc.PropertyDiff.Kind.UPDATE_REPLACE,
};

/** @param log - is connected when the engine sends its address */
export function serviceOf(host: Host, log: EngineLog): UntypedServiceImplementation {
  return {
    handshake: unary((request: rpc.ProviderHandshakeRequest) => {
      log.connect(request.getEngineAddress());
      const response = new rpc.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      return response;
    }),
    attach: unary((request: plugin.PluginAttach) => {
      log.connect(request.getAddress());
      return new Empty();
    }),
    getPluginInfo: unary(() => {
      const response = new plugin.PluginInfo();
      response.setVersion(version());
      return response;
    }),
    getSchema: unary(() => {
      const response = new rpc.GetSchemaResponse();
      response.setSchema(readPackageFile("schema.json"));
      return response;
    }),
    getMapping: unary(() => new rpc.GetMappingResponse()),
    getMappings: unary(() => new rpc.GetMappingsResponse()),

    checkConfig: unary((request: rpc.CheckRequest) => checked(host.checkConfig(wireOf(request.getNews())))),
    diffConfig: unary((request: rpc.DiffRequest) => {
      const response = new rpc.DiffResponse();
      const isSame = isDeepStrictEqual(wireOf(request.getOlds()), wireOf(request.getNews()));
      response.setChanges(isSame ? rpc.DiffResponse.DiffChanges.DIFF_NONE : rpc.DiffResponse.DiffChanges.DIFF_SOME);
      return response;
    }),
    configure: unary((request: rpc.ConfigureRequest) => {
      host.configure(wireOf(request.getArgs()));
      const response = new rpc.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),

    invoke: unary(async (request: rpc.InvokeRequest) => {
      const response = new rpc.InvokeResponse();
      response.setReturn(structOf(await host.invoke(request.getTok(), wireOf(request.getArgs()))));
      return response;
    }),
    list: listHandler(host),

    check: unary(async (request: rpc.CheckRequest) =>
      checked(await host.check(request.getUrn(), optionalWire(request.getOlds()), wireOf(request.getNews()))),
    ),
    diff: unary(async (request: rpc.DiffRequest) => {
      const [id, urn] = [request.getId(), request.getUrn()];
      return differences(await host.diff(id, urn, wireOf(request.getOlds()), wireOf(request.getNews())));
    }),
    create: unary(async (request: rpc.CreateRequest) => {
      const [urn, properties] = [request.getUrn(), wireOf(request.getProperties())];
      const response = new rpc.CreateResponse();
      if (request.getPreview()) {
        response.setProperties(structOf(await host.preview(urn, properties)));
        return response;
      }
      const { id, ...state } = await host.create(urn, properties, request.getTimeout());
      response.setId(id);
      response.setProperties(structOf(state.properties));
      response.setRefreshBeforeUpdate(state.readBeforeUpdate);
      return response;
    }),
    read: unary(async (request: rpc.ReadRequest) => {
      const [state, inputs] = [wireOf(request.getProperties()), wireOf(request.getInputs())];
      const found = await host.read(request.getId(), request.getUrn(), state, inputs, request.getTimeout());
      // An empty response means that the resource is gone.
      return found === undefined ? new rpc.ReadResponse() : foundState(found, inputs);
    }),
    update: unary(async (request: rpc.UpdateRequest) => {
      const [id, urn] = [request.getId(), request.getUrn()];
      const [olds, news] = [wireOf(request.getOlds()), wireOf(request.getNews())];
      const response = new rpc.UpdateResponse();
      if (request.getPreview()) {
        response.setProperties(structOf(await host.preview(urn, news, olds)));
        return response;
      }
      const state = await host.update(id, urn, olds, news, request.getTimeout());
      response.setProperties(structOf(state.properties));
      response.setRefreshBeforeUpdate(state.readBeforeUpdate);
      return response;
    }),
    delete: unary(async (request: rpc.DeleteRequest) => {
      await host.delete(request.getId(), request.getUrn(), wireOf(request.getProperties()), request.getTimeout());
      return new Empty();
    }),

    // Sent on Ctrl-C, and also at the normal end of a run, when no work is running.
    cancel: unary(() => {
      abortAll();
      return new Empty();
    }),
  };
}

/** A handler that translates failures to gRPC errors. */
function unary<Request, Response>(answer: (request: Request) => Response | Promise<Response>) {
  return ({ request }: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    Promise.resolve(request)
      .then(answer)
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(toServiceError(error)),
      );
  };
}

function version(): string {
  return (JSON.parse(readPackageFile("package.json")) as { readonly version: string }).version;
}

/** Omit the property: the engine would print its value, secret or not. The reason contains the name. */
function checked({ inputs, problems }: CheckedWire): rpc.CheckResponse {
  const response = new rpc.CheckResponse();
  response.setInputs(structOf(inputs));
  response.setFailuresList(
    problems.map((reason) => {
      const failure = new rpc.CheckFailure();
      failure.setReason(reason);
      return failure;
    }),
  );
  return response;
}

function differences(changes: readonly Change[]): rpc.DiffResponse {
  const { diffs, replaces, detailed } = detailedDiff(changes);
  const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;
  const response = new rpc.DiffResponse();
  response.setChanges(diffs.length === 0 ? DIFF_NONE : DIFF_SOME);
  response.setDiffsList([...diffs]);
  response.setReplacesList([...replaces]);
  response.setHasdetaileddiff(true);
  for (const [path, kind] of detailed) {
    const difference = new rpc.PropertyDiff();
    difference.setKind(KINDS[kind]);
    difference.setInputdiff(true);
    response.getDetaileddiffMap().set(path, difference);
  }
  return response;
}

/** @param before - the inputs in state, if any */
function foundState(found: StateWire, before: WireObject): rpc.ReadResponse {
  const response = new rpc.ReadResponse();
  response.setId(found.id);
  response.setProperties(structOf(found.properties));
  response.setInputs(structOf(found.inputs ?? before));
  response.setRefreshBeforeUpdate(found.readBeforeUpdate);
  return response;
}

function wireOf(struct: Struct | undefined): WireObject {
  return optionalWire(struct) ?? {};
}

function optionalWire(struct: Struct | undefined): WireObject | undefined {
  return struct?.toJavaScript();
}

function structOf(wire: WireObject): Struct {
  return Struct.fromJavaScript(wire);
}
