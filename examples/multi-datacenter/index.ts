import * as pulumi from "@pulumi/pulumi";
import { ConsulSnapshot } from "pulumi-consul-snapshot";

const datacenters = new pulumi.Config().requireObject<string[]>("datacenters");

// One address serves all: Consul forwards a request to the datacenter that it names. One that fails does not stop the
// others, and each is a resource of its own in the preview.
export const locations = datacenters.map(
  (datacenter) =>
    new ConsulSnapshot(`backup-${datacenter}`, {
      target: "./backups/{datacenter}/",
      maxAge: "20h",
      connection: { datacenter },
    }).location,
);
