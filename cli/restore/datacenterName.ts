/** The name of a datacenter, which comes from a server or a manifest: a name that only looks like another must not pass for it. */

/** What Consul accepts (agent/config/builder.go, 1.13). */
export function isDatacenterName(name: string): boolean {
  return /^[\w-]{1,64}$/.test(name);
}

/** The name as it can be shown: in any other form than Consul's, quoted and with escapes for all but ASCII. */
export function datacenterName(name: string): string {
  if (isDatacenterName(name)) return name;
  const escaped = JSON.stringify(name.slice(0, 64)).replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return name.length > 64 ? `${escaped}…` : escaped;
}
