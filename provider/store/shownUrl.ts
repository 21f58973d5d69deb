/**
 * Credentials in a URL, `SCHEME://KEY:SECRET@BUCKET/…`. A secret may hold `/`, `?`, `#` and `@`, so such a URL cannot be
 * taken apart like any other; keys may hold `@` and `:`, so these alone do not tell either.
 */

/** Access keys of AWS and Google, and those of other servers in their style: never the name of a cloud's bucket. */
const ACCESS_KEY = /^(?:A[KS]IA|GOOG)[A-Z0-9]*$|^(?=[0-9]*[A-Z])[A-Z0-9]{16,}$/;

/**
 * Whether what follows `SCHEME://` begins with credentials: there is an `@`, and before the first `/`, `?` or `#` stands
 * what no bucket's name holds, an `@` or a `:`, or an access key. `BUCKET/team@example/` is none.
 */
export function hasCredentials(rest: string): boolean {
  const first = beginning(rest);
  return rest.includes("@") && (/[@:]/.test(first) || ACCESS_KEY.test(first));
}

/** The same of a `file://` URL, whose path may hold an `@` anywhere, and begin with a drive's letter. */
export function fileHasCredentials(rest: string): boolean {
  return rest.includes("@") && beginning(rest).includes(":") && !/^[a-z]:[/\\]/i.test(rest);
}

/**
 * A URL as messages show it: without its settings, and without anything that may be a secret, also where it is not the
 * URL that was meant. Nothing before the last `@` is shown, and nothing at all when that stands behind a `?` or `#`.
 */
export function shownUrl(text: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? "";
  const rest = text.slice(scheme.length);
  const place = rest.replace(/[?#].*$/s, "");
  const at = rest.lastIndexOf("@");
  if (at === -1) return scheme + place.replace(/^([^/]*?:).*$/s, "$1…");
  return `${scheme}…${place.slice(at)}`;
}

function beginning(rest: string): string {
  return rest.replace(/[/?#].*$/s, "");
}
