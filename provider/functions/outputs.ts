/** The outputs of the plugin's functions. */

import { type OutputRow, type OutputTable, SNAPSHOT_OUTPUTS } from "../args/tables/outputs";

/** The outputs of a snapshot that an archive itself shows. */
const FACTS: OutputTable = Object.fromEntries(
  Object.entries<OutputRow>(SNAPSHOT_OUTPUTS).filter(([, { ofSave }]) => ofSave !== true),
);

/** The outputs of the function `inspectArchive`. */
export const INSPECTION_OUTPUTS: OutputTable = {
  ...FACTS,
  series: {
    kind: { type: "string" },
    optional: true,
    documentation: "The series that the archive belongs to; `undefined` without the manifest that describes it.",
  },
  purpose: {
    kind: { type: "string" },
    optional: true,
    documentation:
      "`backup`, or `safety` for the state that a restore has replaced; `undefined` without the manifest that describes it.",
  },
  lastIndex: { kind: { type: "number" }, documentation: "The highest Raft index that its state has applied." },
  restoredBy: {
    kind: { type: "strings" },
    documentation: "The known versions of Consul that can restore it, as ranges such as `1.8 to 1.14`.",
  },
  problems: {
    kind: { type: "strings" },
    documentation: "Why the newest known version of Consul cannot restore it, a sentence each.",
  },
};

/** The outputs of the function `verifyArchive`. */
export const VERDICT_OUTPUTS = {
  source: { kind: { type: "string" }, documentation: "The archive, as it was specified." },
  ok: {
    kind: { type: "boolean" },
    documentation:
      "Whether the archive is valid, is the one that its manifest describes, and is restorable where `consulVersion` asked for that.",
  },
  valid: {
    kind: { type: "boolean" },
    optional: true,
    documentation: "Whether the archive is valid; `undefined` where it could not be read or decrypted.",
  },
  archive: {
    kind: { type: "object", of: "verifiedArchive" },
    optional: true,
    documentation: "What it holds; `undefined` where it is not valid.",
  },
  manifest: {
    kind: { type: "choice", name: "ManifestVerdict", choices: ["matches", "differs"] },
    optional: true,
    documentation: "Whether the manifest beside it describes this archive; `undefined` without a manifest.",
  },
  restorable: {
    kind: { type: "object", of: "restorable" },
    optional: true,
    documentation: "Whether `consulVersion` can restore it; `undefined` without `consulVersion`.",
  },
  problems: {
    kind: { type: "strings" },
    optional: true,
    documentation: "Without `consulVersion`: why no version of Consul can restore it, a sentence each.",
  },
  error: {
    kind: { type: "object", of: "failure" },
    optional: true,
    documentation: "Why the archive is not valid, or could not be read.",
  },
} as const satisfies OutputTable;

/** The outputs of the function `listArchives`. */
export const LISTED_ARCHIVE_OUTPUTS = {
  archives: {
    kind: { type: "list", of: "listedArchive" },
    documentation: "The newest archives, the newest first.",
  },
  total: { kind: { type: "number" }, documentation: "How many archives there are, also beyond the limit." },
  orphanedManifests: { kind: { type: "number" }, documentation: "How many manifests have no archive." },
  unreadableManifests: {
    kind: { type: "number" },
    documentation: "How many archives have a manifest that cannot be read.",
  },
  unreadableNames: {
    kind: { type: "number" },
    documentation: "How many names cannot be read, because they are not UTF-8. Only a folder has such names.",
  },
} as const satisfies OutputTable;

/** The outputs of the function `planRestore`. */
export const PLAN_OUTPUTS = {
  wouldRestore: { kind: { type: "boolean" }, documentation: "Whether the archive would be restored." },
  runId: { kind: { type: "string" }, documentation: "The run that this is the plan of." },
  archive: {
    kind: { type: "object", of: "plannedArchive" },
    optional: true,
    documentation: "The archive, verified; `undefined` for a run that has begun before.",
  },
  cluster: {
    kind: { type: "object", of: "plannedCluster" },
    optional: true,
    documentation: "The cluster whose state would be replaced; `undefined` for a run that has begun before.",
  },
  guards: {
    kind: { type: "list", of: "guard" },
    optional: true,
    documentation: "The verdict of each guard; `undefined` for a run that has begun before.",
  },
  refusal: {
    kind: { type: "object", of: "failure" },
    optional: true,
    documentation: "Why it would not be restored: all guards that fail, in one error.",
  },
  earlier: {
    kind: { type: "object", of: "earlierRun" },
    optional: true,
    documentation: "What the receipt of this run says, if it has begun before: then nothing would be restored.",
  },
} as const satisfies OutputTable;
