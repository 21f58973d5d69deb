/* eslint-disable @typescript-eslint/no-require-imports, @typescript-eslint/no-unsafe-call,
   @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return -- text for Pulumi's serialiser */
/**
 * What Pulumi's state carries in place of a provider: text that calls the package installed in the program's folder.
 *
 * Pulumi serialises these functions by their source, so nothing may be captured: each names its resource itself, and
 * changing a character here changes every user's state.
 */

import type { dynamic } from "@pulumi/pulumi";

export const consulSnapshotStub = {
  configure: (req: unknown) => require("pulumi-consul-snapshot/runtime").call("ConsulSnapshot", "configure", [req]),
  check: (olds: unknown, news: unknown) =>
    require("pulumi-consul-snapshot/runtime").call("ConsulSnapshot", "check", [olds, news]),
  diff: (id: unknown, olds: unknown, news: unknown) =>
    require("pulumi-consul-snapshot/runtime").call("ConsulSnapshot", "diff", [id, olds, news]),
  create: (inputs: unknown) => require("pulumi-consul-snapshot/runtime").call("ConsulSnapshot", "create", [inputs]),
  read: (id: unknown, props: unknown) =>
    require("pulumi-consul-snapshot/runtime").call("ConsulSnapshot", "read", [id, props]),
  update: (id: unknown, olds: unknown, news: unknown) =>
    require("pulumi-consul-snapshot/runtime").call("ConsulSnapshot", "update", [id, olds, news]),
  delete: (id: unknown, props: unknown) =>
    require("pulumi-consul-snapshot/runtime").call("ConsulSnapshot", "delete", [id, props]),
} as dynamic.ResourceProvider;

export const consulSnapshotRestoreStub = {
  configure: (req: unknown) =>
    require("pulumi-consul-snapshot/runtime").call("ConsulSnapshotRestore", "configure", [req]),
  check: (olds: unknown, news: unknown) =>
    require("pulumi-consul-snapshot/runtime").call("ConsulSnapshotRestore", "check", [olds, news]),
  diff: (id: unknown, olds: unknown, news: unknown) =>
    require("pulumi-consul-snapshot/runtime").call("ConsulSnapshotRestore", "diff", [id, olds, news]),
  create: (inputs: unknown) =>
    require("pulumi-consul-snapshot/runtime").call("ConsulSnapshotRestore", "create", [inputs]),
  read: (id: unknown, props: unknown) =>
    require("pulumi-consul-snapshot/runtime").call("ConsulSnapshotRestore", "read", [id, props]),
  update: (id: unknown, olds: unknown, news: unknown) =>
    require("pulumi-consul-snapshot/runtime").call("ConsulSnapshotRestore", "update", [id, olds, news]),
  delete: (id: unknown, props: unknown) =>
    require("pulumi-consul-snapshot/runtime").call("ConsulSnapshotRestore", "delete", [id, props]),
} as dynamic.ResourceProvider;
