/** The settings of stack configuration that belong to no connection: `consul-snapshot:NAME`. */

import type { Table } from "./row";

export const CONFIGURATION_NAMESPACE = "consul-snapshot";

export const CONFIGURATION = {
  maxConcurrent: {
    kind: { type: "integer" },
    default: 4,
    documentation: "How many snapshots run in parallel.",
  },
  maxConcurrentPerAddress: {
    kind: { type: "integer" },
    default: 1,
    documentation: "How many snapshots of the same Consul address run in parallel.",
  },
  organization: {
    kind: { type: "string" },
    without: "`organization`, the name that Pulumi uses without Pulumi Cloud",
    documentation:
      "The first part of the series that archives belong to, `organization/project/stack/name`. A plugin does not learn it from Pulumi: set it to your organization in Pulumi Cloud to continue the series of a dynamic resource.",
  },
} as const satisfies Table;
