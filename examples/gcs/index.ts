import * as pulumi from "@pulumi/pulumi";
import { ConsulSnapshot } from "pulumi-consul-snapshot";

// For example gs://backups/consul/{datacenter}/
const target = new pulumi.Config().require("target");

// Credentials are Google's application default: `gcloud auth application-default login`, or the machine's own.
const backup = new ConsulSnapshot("daily", {
  target,
  maxAge: "20h",
  retention: { keepDaily: 7, keepWeekly: 5, keepMonthly: 12 },
});

export const location = backup.location;
