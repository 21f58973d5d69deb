import * as pulumi from "@pulumi/pulumi";
import { type ConsulSnapshotRestoreArgs, ConsulSnapshotRestore } from "pulumi-consul-snapshot";

const config = new pulumi.Config();

// One runId, one restore: as long as its receipt lies beside the archive or the safety snapshot, nothing is restored again,
// whatever becomes of this stack. And nothing is restored after validUntil, so that a forgotten line can do no harm.
const restore = new ConsulSnapshotRestore("restore", {
  runId: config.require("runId"),
  validUntil: config.require("validUntil"),
  source: config.require("source"),
  // A folder of this machine: another one does not see what lies there, a bucket all of them do.
  safetySnapshot: { target: config.get("safetyTarget") ?? "./before-restore/" },
  // Another cluster's archive brings its own tokens: one of them, to look at the restored cluster with.
  tokenAfterRestore: config.getSecret("tokenAfterRestore"),
  // What a refusal names, and what you have thought about.
  allow: config.getObject<ConsulSnapshotRestoreArgs["allow"]>("allow"),
});

export const outcome = restore.outcome;
export const differences = restore.differences;
export const safetyLocation = restore.safetyLocation;
export const receipt = restore.receipt;
