// A complete Pulumi, as its own distribution has it: the CLI, the host of Node programs and, beside them, the provider
// of dynamic resources. The CLI warns when it has to look for that one elsewhere.
import { lstatSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { bin, root } from "./paths.mjs";

const PROVIDER = "pulumi-resource-pulumi-nodejs";

/** Puts the provider of dynamic resources, which the Node SDK brings, beside the CLI in `.tools/bin`. */
export function linkDynamicProvider() {
  const link = join(bin, PROVIDER);
  if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) return;
  symlinkSync(relative(bin, join(root, "node_modules", "@pulumi", "pulumi", PROVIDER)), link);
}
