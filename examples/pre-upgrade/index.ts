import * as pulumi from "@pulumi/pulumi";
import { ConsulSnapshot } from "pulumi-consul-snapshot";
import { ConsulRelease } from "./release";

const version = new pulumi.Config().get("consulVersion") ?? "1.18.0";

// The trigger: another version takes a new snapshot.
const backup = new ConsulSnapshot("pre-upgrade", { target: "./backups/", triggers: [version] });

// The order: the release is upgraded only after the snapshot is saved and verified, and not at all if that fails.
new ConsulRelease("consul", { version }, { dependsOn: backup });

export const location = backup.location;
