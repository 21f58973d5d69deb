import * as pulumi from "@pulumi/pulumi";
import { ConsulSnapshot } from "pulumi-consul-snapshot";
import { ConsulRelease } from "./release";

const version = new pulumi.Config().get("consulVersion") ?? "1.18.0";

// The trigger: another version means a new snapshot.
const backup = new ConsulSnapshot("pre-upgrade", { target: "./backups/", triggers: [version] });

// The order: nothing is upgraded before the snapshot is saved and verified, and nothing at all if it is not.
new ConsulRelease("consul", { version }, { dependsOn: backup });

export const location = backup.location;
