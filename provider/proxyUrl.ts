/** The URL of a proxy in an environment variable. It may contain a password, so no reason shows any of it. */

export interface ProxyUrl {
  readonly url: URL;
  /** `user:password`, decoded; `undefined` without either. */
  readonly credentials: string | undefined;
}

/**
 * @param value - with its scheme
 * @throws Error one sentence about the variable
 */
export function parseProxyUrl(variable: string, value: string): ProxyUrl {
  if (!URL.canParse(value)) throw new Error(`${variable} is not a URL`);
  const url = new URL(value);
  if (url.hostname === "") throw new Error(`${variable} has no host`);
  const credentials = `${decoded(variable, url.username)}:${decoded(variable, url.password)}`;
  return { url, credentials: credentials === ":" ? undefined : credentials };
}

export function hasScheme(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(value);
}

function decoded(variable: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(`${variable} has a % in its user or password that begins no escape: write it as %25`);
  }
}
