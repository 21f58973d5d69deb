/** The arguments of ConsulSnapshot. */

import { NAME_TEMPLATE, PLACE_URLS } from "./places";
import type { Table } from "./row";

export const SNAPSHOT = {
  target: {
    kind: { type: "string" },
    form: "a path such as ./backups/, or a URL",
    required: true,
    effect: "replace",
    documentation: `Where archives go: a path (relative to the program's folder), or a ${PLACE_URLS}. ${NAME_TEMPLATE}`,
    page: "[targets](targets.md)",
  },
  triggers: {
    kind: { type: "list", of: { type: "any" } },
    form: "a list of values: write triggers: [value]",
    mayHoldSecret: true,
    effect: "replace",
    stateful: true,
    documentation: "Any values. When one changes, the next `pulumi up` takes a new snapshot. They are never printed.",
    pluginDocumentation:
      "Any values. When one changes, the next `pulumi up` takes a new snapshot. `pulumi preview --diff` prints them, unless they are secret.",
  },
  connection: {
    kind: { type: "object", noun: "connection" },
    form: 'an object such as { address: "consul.example:8500" }',
    without: "stack configuration, then the environment, then `http://127.0.0.1:8500`",
    effect: "replace",
    documentation: "How to reach Consul.",
    page: "[connection](#connection)",
  },
  consistency: {
    kind: { type: "choice", choices: ["consistent", "stale"] },
    default: "consistent",
    option: "--stale",
    effect: "record",
    documentation: '`"consistent"` asks the leader; `"stale"` takes any server\'s state, even without a leader.',
  },
  maxStaleness: {
    kind: { type: "duration" },
    without: "warn only",
    option: "--max-staleness",
    effect: "record",
    documentation:
      'Refuse a stale snapshot from a server that heard from its leader longer ago than this, such as `"30s"`.',
  },
  overwrite: {
    kind: { type: "boolean" },
    default: false,
    effect: "record",
    documentation:
      "Replace an archive of the same name instead of failing. One that Consul can restore is replaced only by such a one.",
  },
  deletionPolicy: {
    kind: { type: "choice", choices: ["retain", "delete"] },
    default: "retain",
    effect: "record",
    stateful: true,
    documentation:
      'What happens to the archive when the resource is destroyed or replaced: `"retain"` keeps it, `"delete"` deletes it if it is still the one that was saved; a bucket that keeps versions grows all the same.',
    page: "[versioned buckets](../how-to/use-a-bucket.md#versioned-buckets)",
  },
  maxAge: {
    kind: { type: "duration", positive: true },
    without: "no age limit",
    effect: "replace",
    stateful: true,
    documentation: 'Take a new snapshot with the next `pulumi up` if the last one is older than this, such as `"20h"`.',
  },
  retention: {
    kind: { type: "object", noun: "retention" },
    form: "an object such as { keepLast: 7, keepDaily: 30 }",
    without: "keep all",
    effect: "record",
    documentation: "Which older archives of this resource to keep after each save.",
    page: "[retention](#retention)",
  },
  verifyOnRefresh: {
    kind: { type: "boolean" },
    default: false,
    effect: "record",
    stateful: true,
    documentation:
      "Let `pulumi refresh` read the whole archive and compare it with what was saved, instead of only looking at it.",
    pluginDocumentation:
      "Let `pulumi refresh` read the whole archive and compare it with what was saved, instead of only looking at it. A `pulumi preview` or `pulumi up` without `--refresh` then does not look at it.",
  },
  encryption: {
    kind: { type: "object", noun: "encryption" },
    form: 'an object such as { recipients: ["age1…"] }',
    effect: "record",
    documentation: "Encrypt the archive, in the age format, before it leaves; its name then ends in `.age`.",
    page: "[encryption](#encryption)",
  },
  series: {
    kind: { type: "string" },
    without: "`organization/project/stack/name`",
    option: "--series",
    effect: "record",
    documentation:
      "The series that its archives belong to, whose older ones `retention` removes. Pin it before you rename the resource, the stack or the project.",
    page: "[rename](../how-to/move-rename-adopt.md#rename-a-resource)",
  },
  inspect: {
    kind: { type: "object", noun: "inspect" },
    form: "an object such as { kvDepth: 2 }",
    effect: "record",
    stateful: true,
    documentation: "Count keys by prefix, for the output `kv`.",
    page: "[inspect](#inspect)",
  },
} as const satisfies Table;

/** Which keys to count, and by what. */
export const INSPECT = {
  kvDepth: {
    kind: { type: "integer" },
    default: 2,
    documentation: "How many segments of a key, separated by `/`, make a prefix.",
  },
  kvFilter: {
    kind: { type: "string" },
    form: "the beginning of keys, a string",
    without: "all",
    documentation: "Count only keys that begin with this.",
  },
} as const satisfies Table;
