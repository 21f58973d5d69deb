import * as pulumi from "@pulumi/pulumi";
import { ConsulSnapshot, ConsulSnapshotRestore } from "pulumi-consul-snapshot";

const config = new pulumi.Config();
const oldToken = config.getSecret("oldToken");

// The first `pulumi up`, while the last server of the old cluster still answers: without a leader only a stale snapshot works.
const rescue = new ConsulSnapshot("rescue", {
  target: config.get("target") ?? "./rescue/",
  consistency: "stale",
  connection: { address: config.require("survivor"), token: oldToken },
});
export const location = rescue.location;

// The second, when there are new servers: `pulumi config set replacement …` and a runId. The survivor may be gone by then.
const replacement = config.get("replacement");
export const outcome =
  replacement === undefined
    ? undefined
    : new ConsulSnapshotRestore("restore", {
        runId: config.require("runId"),
        validUntil: config.require("validUntil"),
        source: rescue.location,
        safetySnapshot: { target: "./before-restore/" },
        connection: { address: replacement, token: config.getSecret("newToken") },
        // The new servers are another cluster than the archive is from: after a loss of quorum that is expected.
        allow: ["otherCluster"],
        // The restored cluster knows the old one's tokens.
        tokenAfterRestore: oldToken,
      }).outcome;
