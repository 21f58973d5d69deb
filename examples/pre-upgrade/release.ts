import { writeFile } from "node:fs/promises";
import * as pulumi from "@pulumi/pulumi";

/**
 * A stand-in for what you upgrade, so that this example runs by itself: it writes the version to a file. In your program it
 * is a Helm release, an instance group, or anything else that runs Consul.
 */
export class ConsulRelease extends pulumi.dynamic.Resource {
  constructor(name: string, args: { version: string }, opts?: pulumi.CustomResourceOptions) {
    const provider: pulumi.dynamic.ResourceProvider = {
      create: async (inputs: { version: string }) => {
        await writeFile("installed", inputs.version);
        return { id: name, outs: inputs };
      },
      diff: async (_id, olds: { version: string }, news: { version: string }) => ({
        changes: olds.version !== news.version,
      }),
      update: async (_id, _olds, news: { version: string }) => {
        await writeFile("installed", news.version);
        return { outs: news };
      },
    };
    super(provider, name, args, opts);
  }
}
