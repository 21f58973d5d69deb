import * as pulumi from "@pulumi/pulumi";
import { ConsulSnapshot } from "pulumi-consul-snapshot";

// For example s3://backups/consul/{datacenter}/?region=eu-west-1
const target = new pulumi.Config().require("target");

// Credentials are looked up as by the AWS CLI: environment, profile, instance role or web identity.
const backup = new ConsulSnapshot("daily", {
  target,
  maxAge: "20h",
  retention: { keepDaily: 7, keepWeekly: 5, keepMonthly: 12 },
});

export const location = backup.location;
