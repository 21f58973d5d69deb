import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { expect } from "chai";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import manifest from "../../../package.json";

/** What Pulumi's language host for Node.js starts for a folder with a PulumiPlugin.yaml. */
const RUN_PLUGIN = require.resolve("@pulumi/pulumi/cmd/run-plugin");

describe("the folder plugin/, as a language host runs it", function () {
  this.timeout(30_000);
  let child: ChildProcess;
  afterEach(async () => {
    const ended = once(child, "close");
    child.kill("SIGINT");
    await ended;
  });

  it("serves this version of the plugin", async () => {
    child = spawn(process.execPath, [RUN_PLUGIN, "plugin", "127.0.0.1:1"], { stdio: ["pipe", "pipe", "inherit"] });
    const [port] = (await once(createInterface(child.stdout!), "line")) as [string];
    expect(port).to.match(/^\d+$/);
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    const info = await new Promise<PluginInfo>((resolve, reject) =>
      client.getPluginInfo(new Empty(), (error, found) => (error === null ? resolve(found) : reject(error))),
    );
    client.close();
    expect(info.getVersion()).to.equal(manifest.version);
    const { version } = JSON.parse(readFileSync("plugin/package.json", "utf8")) as { readonly version: string };
    expect(version).to.equal(manifest.version);
  });
});
