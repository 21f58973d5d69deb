import * as pulumi from "@pulumi/pulumi";
import { ConsulSnapshot } from "pulumi-consul-snapshot";

const datacenters = new pulumi.Config().requireObject<string[]>("datacenters");

// One address serves all: Consul forwards a request to the datacenter that it names. Each is a resource of its own in the
// preview. Run it with `pulumi up --continue-on-error`: then one that fails does not stop the others, however many.
export const locations = datacenters.map(
  (datacenter) =>
    new ConsulSnapshot(`backup-${datacenter}`, {
      target: "./backups/{datacenter}/",
      maxAge: "20h",
      connection: { datacenter },
    }).location,
);
