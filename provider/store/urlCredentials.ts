/**
 * Credentials in a URL, `SCHEME://KEY:SECRET@BUCKET/…`. A secret may contain `/`, `?`, `#` and `@`, so such a URL
 * cannot be parsed like any other. Keys of objects may contain `@` and `:`, so these alone do not prove credentials.
 */

/** Access keys of AWS and Google, and of other servers in the same style. No cloud allows such a bucket name. */
const ACCESS_KEY = /^(?:A[KS]IA|GOOG)[A-Z0-9]*$|^(?=[0-9]*[A-Z])[A-Z0-9]{16,}$/;

/**
 * Whether the part after `SCHEME://` begins with credentials: it contains an `@`, and before the first `/`, `?` or `#`
 * there is an `@` or a `:`, which no bucket name contains, or an access key. `BUCKET/team@example/` has no credentials.
 */
export function hasCredentials(rest: string): boolean {
  const first = beginning(rest);
  return rest.includes("@") && (/[@:]/.test(first) || ACCESS_KEY.test(first));
}

/** The same for a `file://` URL, whose path may contain an `@` anywhere and may begin with a drive letter. */
export function fileHasCredentials(rest: string): boolean {
  return rest.includes("@") && beginning(rest).includes(":") && !/^[a-z]:[/\\]/i.test(rest);
}

/**
 * A URL as messages show it: without its settings and without anything that may be a secret, even if the URL is
 * mistyped. Nothing before the last `@` is shown, and nothing at all if the `@` follows a `?` or `#`.
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
