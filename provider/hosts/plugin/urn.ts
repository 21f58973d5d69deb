/** Parses a resource's URN: `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`. Only the name may contain `::`. */

import type { Owner } from "../../owner";

/**
 * @param organization - URNs do not contain it
 * @returns `undefined` if it is not the URN of a resource
 */
export function ownerFromUrn(urn: string, organization: string): Owner | undefined {
  const { stack, project, name } = partsOf(urn) ?? {};
  if (stack === undefined || project === undefined || name === undefined) return undefined;
  return { organization, project, stack, name };
}

/** The type of a resource, such as `consul-snapshot:index:ConsulSnapshot`. */
export function typeFromUrn(urn: string): string | undefined {
  return partsOf(urn)?.types?.split("$").at(-1);
}

function partsOf(urn: string): Readonly<Partial<Record<string, string>>> | undefined {
  return /^urn:pulumi:(?<stack>.*?)::(?<project>.*?)::(?<types>.*?)::(?<name>.+)$/s.exec(urn)?.groups;
}
