import * as pulumi from "@pulumi/pulumi";
import { ConsulSnapshot } from "pulumi-consul-snapshot";

// For example azblob://backups/consul/{datacenter}/
const target = new pulumi.Config().require("target");

// Credentials are Azure's default: AZURE_STORAGE_ACCOUNT names the account; key, CLI login or managed identity.
const backup = new ConsulSnapshot("daily", {
  target,
  maxAge: "20h",
  retention: { keepDaily: 7, keepWeekly: 5, keepMonthly: 12 },
});

export const location = backup.location;
