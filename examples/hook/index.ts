import * as pulumi from "@pulumi/pulumi";
import { snapshotBefore } from "pulumi-consul-snapshot";
import { ConsulRelease } from "./release";

const version = new pulumi.Config().get("consulVersion") ?? "1.18.0";

// Backs up only when the release is really about to be updated; if the backup fails, it is not updated.
new ConsulRelease("consul", { version }, { hooks: snapshotBefore("pre-upgrade", { target: "./backups/" }) });
