import * as pulumi from "@pulumi/pulumi";
import { ConsulSnapshot } from "pulumi-consul-snapshot";

const config = new pulumi.Config();

// A new snapshot is taken when the version that you are about to install changes.
const backup = new ConsulSnapshot("pre-upgrade", {
  target: config.get("target") ?? "./backups/",
  triggers: [config.get("consulVersion") ?? "1.18.0"],
});

export const index = backup.index;
export const term = backup.term;
export const size = backup.size;
export const location = backup.location;
