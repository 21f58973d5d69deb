import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { InvokeRequest, type InvokeResponse } from "@pulumi/pulumi/proto/provider_pb";
import { expect } from "chai";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import manifest from "../../../package.json";

/** What Pulumi's language host for Node.js starts for a folder with a PulumiPlugin.yaml. */
const RUN_PLUGIN = require.resolve("@pulumi/pulumi/cmd/run-plugin");

describe("the folder plugin/, as a language host runs it", function () {
  this.timeout(30_000);
  let child: ChildProcess;
  let ended: Promise<unknown>;
  let client: ResourceProviderClient;
  beforeEach(async () => {
    child = spawn(process.execPath, [RUN_PLUGIN, "plugin", "127.0.0.1:1"], { stdio: ["pipe", "pipe", "inherit"] });
    ended = once(child, "close");
    const [port] = (await once(createInterface(child.stdout!), "line")) as [string];
    expect(port).to.match(/^\d+$/);
    client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
  });
  afterEach(async () => {
    client.close();
    child.kill("SIGKILL");
    await ended;
  });

  it("serves this version of the plugin", async () => {
    const info = await new Promise<PluginInfo>((resolve, reject) =>
      client.getPluginInfo(new Empty(), (error, found) => (error === null ? resolve(found) : reject(error))),
    );
    expect(info.getVersion()).to.equal(manifest.version);
    const { version } = JSON.parse(readFileSync("plugin/package.json", "utf8")) as { readonly version: string };
    expect(version).to.equal(manifest.version);
  });

  it("is ended by SIGINT itself when no work is running, as at the end of each run: nothing handles the signal", async () => {
    const request = new InvokeRequest();
    request.setTok("consul-snapshot:index:listArchives");
    request.setArgs(Struct.fromJavaScript({ target: "plugin" }));
    const listed = await new Promise<InvokeResponse>((resolve, reject) =>
      client.invoke(request, (error, found) => (error === null ? resolve(found) : reject(error))),
    );
    expect(listed.getReturn()?.toJavaScript()).to.include({ total: 0 });
    child.kill("SIGINT");
    expect(await ended).to.deep.equal([null, "SIGINT"]);
  });
});
