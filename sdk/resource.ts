/** What both resources are made with. */

import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../provider/owner";

/** Of both types: `pulumi-nodejs:dynamic/consul:ConsulSnapshot`. */
export const MODULE = "consul";

/** Whose archives these are. */
export function ownerOf(name: string): Owner {
  return {
    organization: organization(),
    project: pulumi.getProject(),
    stack: pulumi.getStack(),
    name,
  };
}

/** A program's unit tests may set no organization, and the SDK then throws an error. */
function organization(): string {
  try {
    return pulumi.getOrganization();
  } catch {
    return "organization";
  }
}

/** Whether this is a program's unit test: Pulumi's `setMocks` has put its own monitor in the engine's place. */
export function isUnitTest(): boolean {
  const monitor = pulumi.runtime.getMonitor() as { readonly mocks?: unknown } | undefined;
  return monitor?.mocks !== undefined;
}

/**
 * Refuses options that cannot work with these resources.
 *
 * @param deletionPolicy - the argument of that name
 * @param insteadOfImport - what to write in place of the option `import`
 * @throws RunError in one sentence, without a stack trace
 */
export function checkOptions(
  name: string,
  opts: pulumi.CustomResourceOptions | undefined,
  deletionPolicy: unknown,
  insteadOfImport: string,
): void {
  checkImport(name, opts, insteadOfImport);
  if (opts?.deleteBeforeReplace === true) {
    throw new pulumi.RunError(
      `${name}: deleteBeforeReplace would delete the archive before the new one is taken: remove the option`,
    );
  }
  // Where the other resource is deleted first, Pulumi deletes this one without a call before that (3.259).
  const mayDelete = deletionPolicy !== undefined && deletionPolicy !== "retain";
  if (mayDelete && opts?.replaceWith !== undefined && opts.replaceWith.length > 0) {
    throw new pulumi.RunError(
      `${name}: replaceWith with this deletionPolicy may delete the archive before the new one is taken: use ` +
        "triggers: [server.id] in its place, with the resource that it names",
    );
  }
}

/** Refuses the option `import`, as `checkOptions` does. */
export function checkImport(
  name: string,
  opts: pulumi.CustomResourceOptions | undefined,
  insteadOfImport: string,
): void {
  if (opts?.import !== undefined) {
    throw new pulumi.RunError(`${name}: a dynamic resource cannot be imported: ${insteadOfImport}`);
  }
}

/**
 * The options, with a check of what transformations of the resource, of its parents and of the stack make of them.
 *
 * @throws RunError as `checkOptions`
 */
export function withTransformedChecked(
  name: string,
  opts: pulumi.CustomResourceOptions | undefined,
  insteadOfImport: string,
): pulumi.CustomResourceOptions {
  const check: pulumi.ResourceTransformation = ({ props, opts: transformed }) => {
    checkOptions(name, transformed, props.deletionPolicy, insteadOfImport);
    return undefined;
  };
  const checkLast: pulumi.ResourceTransformation = ({ resource }) => {
    // Those of parents and of the stack follow ours: the SDK walks this list, also to what is added (3.248, resource.ts).
    (resource as { __transformations?: pulumi.ResourceTransformation[] }).__transformations?.push(check);
    return undefined;
  };
  return { ...opts, transformations: [...(opts?.transformations ?? []), check, checkLast] };
}

/** `identity` is for the provider: a program that exports the whole resource does not export it. */
export function hideIdentity(resource: pulumi.Resource): void {
  Object.defineProperty(resource, "identity", { enumerable: false });
}

/** Where a resource stands in its program: Pulumi does not tell this to a dynamic provider. */
export function identity(type: string, name: string, opts: pulumi.CustomResourceOptions | undefined): pulumi.Inputs {
  return {
    ...ownerOf(name),
    urn: pulumi.createUrn(name, `pulumi-nodejs:dynamic/${MODULE}:${type}`, opts?.parent),
    // Pulumi keeps them to itself: the provider warns that they do nothing.
    ...(opts?.customTimeouts === undefined ? {} : { customTimeouts: true }),
  };
}
