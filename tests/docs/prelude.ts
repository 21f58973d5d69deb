/** What fragments of the pages may use without an import. */

import type * as pulumiModule from "@pulumi/pulumi";
import type * as packageModule from "../../sdk/index";

declare global {
  const pulumi: typeof pulumiModule;
  const ConsulSnapshot: typeof packageModule.ConsulSnapshot;
  const ConsulSnapshotRestore: typeof packageModule.ConsulSnapshotRestore;
  const snapshotBefore: typeof packageModule.snapshotBefore;
  /** Stack configuration: `new pulumi.Config()`. */
  const config: pulumiModule.Config;
  /** A resource that an operator has beside a backup, such as a Helm release of Consul. */
  class ConsulRelease extends pulumiModule.CustomResource {
    constructor(name: string, args: { version: string }, opts?: pulumiModule.CustomResourceOptions);
  }
}
