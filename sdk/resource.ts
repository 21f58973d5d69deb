/** The shared parts of both resources: their identity, and the checks of their options. */

import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../provider/owner";

/** The module in both type tokens: `pulumi-nodejs:dynamic/consul:ConsulSnapshot`. */
export const MODULE = "consul";

/** The owner of the archives of a resource with this name. */
export function ownerOf(name: string): Owner {
  return {
    organization: organization(),
    project: pulumi.getProject(),
    stack: pulumi.getStack(),
    name,
  };
}

/** In unit tests without an organization, Pulumi's SDK throws an error. */
function organization(): string {
  try {
    return pulumi.getOrganization();
  } catch {
    return "organization";
  }
}

/** Whether this is a unit test of a program: Pulumi's `setMocks` has replaced the engine's monitor. */
export function isUnitTest(): boolean {
  const monitor = pulumi.runtime.getMonitor() as { readonly mocks?: unknown } | undefined;
  return monitor?.mocks !== undefined;
}

/**
 * Refuses options that cannot work with these resources.
 *
 * @param deletionPolicy - the argument of that name
 * @param insteadOfImport - what to write instead of the option `import`
 * @throws RunError: one sentence, without a stack trace
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
  // If the other resource is deleted first, Pulumi deletes this one without an earlier call of the provider (3.259).
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
 * Adds a check to the options that runs after the transformations of the resource, of its parents and of the stack.
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
    // Transformations of parents and of the stack come after ours. The SDK iterates over this list, and so also reaches a check that
    // is appended meanwhile (3.248, resource.ts).
    (resource as { __transformations?: pulumi.ResourceTransformation[] }).__transformations?.push(check);
    return undefined;
  };
  return { ...opts, transformations: [...(opts?.transformations ?? []), check, checkLast] };
}

/** `identity` is for the provider only: it must not appear when a program exports the whole resource. */
export function hideIdentity(resource: pulumi.Resource): void {
  Object.defineProperty(resource, "identity", { enumerable: false });
}

/** The identity of a resource in its program, which Pulumi does not pass to a dynamic provider. */
export function identity(type: string, name: string, opts: pulumi.CustomResourceOptions | undefined): pulumi.Inputs {
  return {
    ...ownerOf(name),
    urn: pulumi.createUrn(name, `pulumi-nodejs:dynamic/${MODULE}:${type}`, opts?.parent),
    // Pulumi does not pass the timeouts on; with this mark, the provider can warn that they have no effect.
    ...(opts?.customTimeouts === undefined ? {} : { customTimeouts: true }),
  };
}
