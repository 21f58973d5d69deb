import * as pulumi from "@pulumi/pulumi";
import { ConsulSnapshot } from "pulumi-consul-snapshot";

const datacenters = new pulumi.Config().requireObject<string[]>("datacenters");

// One address serves all: Consul forwards a request to the datacenter in it. Each snapshot is a resource of its own in the
// preview. Run `pulumi up --continue-on-error`, so that a failure does not stop the others.
export const locations = datacenters.map(
  (datacenter) =>
    new ConsulSnapshot(`backup-${datacenter}`, {
      target: "./backups/{datacenter}/",
      maxAge: "20h",
      connection: { datacenter },
    }).location,
);
