/**
 * The only module that Pulumi state refers to: a resource's stub, stored in state as text, calls
 * `require("pulumi-consul-snapshot/runtime").call(resource, method, args)`. Old state runs old stubs against new
 * packages, so this path and this signature must never change.
 */

import { call as callDynamic } from "./hosts/dynamic/host";

/**
 * @param resource - `ConsulSnapshot` or `ConsulSnapshotRestore`
 * @param method - a method of Pulumi's dynamic provider: `configure`, `check`, `diff`, `create`, `read`, `update`, `delete`
 * @param args - that method's arguments
 * @returns what that method returns
 */
export function call(resource: string, method: string, args: readonly unknown[]): Promise<unknown> {
  return callDynamic(resource, method, args);
}
