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
    // Pulumi keeps them to itself: the provider warns that they do nothing.
    ...(opts?.customTimeouts === undefined ? {} : { customTimeouts: true }),
  };
}
