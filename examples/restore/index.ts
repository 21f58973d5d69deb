import * as pulumi from "@pulumi/pulumi";
import { type ConsulSnapshotRestoreArgs, ConsulSnapshotRestore } from "pulumi-consul-snapshot";

const config = new pulumi.Config();

// One runId restores once: as long as its receipt lies beside the archive or the safety snapshot, nothing is restored again,
// even if the state of this stack is lost. After validUntil nothing is restored, so a forgotten resource does no harm.
const restore = new ConsulSnapshotRestore("restore", {
  runId: config.require("runId"),
  validUntil: config.require("validUntil"),
  source: config.require("source"),
  // A folder of this machine, which other machines do not see. Use a bucket if they should.
  safetySnapshot: { target: config.get("safetyTarget") ?? "./before-restore/" },
  // The archive of another cluster contains that cluster's tokens: one of them reads the restored cluster back.
  tokenAfterRestore: config.getSecret("tokenAfterRestore"),
  // Guards to override, by the names in a refusal.
  allow: config.getObject<ConsulSnapshotRestoreArgs["allow"]>("allow"),
});

export const outcome = restore.outcome;
export const differences = restore.differences;
export const safetyLocation = restore.safetyLocation;
export const receipt = restore.receipt;
