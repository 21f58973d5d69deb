/** The name of a datacenter, which comes from a server or a manifest: it must not be mistaken for another one. */

/** What Consul accepts (agent/config/builder.go, 1.13). */
export function isDatacenterName(name: string): boolean {
  return /^[\w-]{1,64}$/.test(name);
}

/** The name in a form that is safe to show: one that Consul does not allow is quoted, with all but ASCII escaped. */
export function datacenterName(name: string): string {
  if (isDatacenterName(name)) return name;
  const escaped = JSON.stringify(name.slice(0, 64)).replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return name.length > 64 ? `${escaped}…` : escaped;
}
