/** What both resources are made with. */

import * as pulumi from "@pulumi/pulumi";

/** Of both types: `pulumi-nodejs:dynamic/consul:ConsulSnapshot`. */
export const MODULE = "consul";

/** Whose program it is: with its name it makes the series of its archives. */
export function standing(name: string) {
  return {
    organization: pulumi.getOrganization(),
    project: pulumi.getProject(),
    stack: pulumi.getStack(),
    name,
  };
}

/** Where a resource stands in its program: a dynamic provider is told nothing of it. */
export function identity(type: string, name: string, opts: pulumi.CustomResourceOptions | undefined): pulumi.Inputs {
  return {
    ...standing(name),
    urn: pulumi.createUrn(name, `pulumi-nodejs:dynamic/${MODULE}:${type}`, opts?.parent),
  };
}

export function warnOfTimeouts(resource: pulumi.Resource, opts: pulumi.CustomResourceOptions | undefined): void {
  if (opts?.customTimeouts === undefined) return;
  void pulumi.log.warn(
    "customTimeouts does not reach this resource: use connection.firstByteTimeout and connection.idleTimeout",
    resource,
  );
}
