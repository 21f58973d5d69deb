import * as pulumi from "@pulumi/pulumi";
import { snapshotBefore } from "pulumi-consul-snapshot";
import { ConsulRelease } from "./release";

const version = new pulumi.Config().get("consulVersion") ?? "1.18.0";

// Takes a backup just before the release is updated. If the backup fails, the release is not updated.
new ConsulRelease("consul", { version }, { hooks: snapshotBefore("pre-upgrade", { target: "./backups/" }) });
