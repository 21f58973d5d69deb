/** Parses `env://NAME` and `file://PATH`, which refer to a secret in another place. Pure. */

export interface SecretReference {
  readonly kind: "env" | "file";
  /** The variable, or the path. */
  readonly place: string;
}

/** @returns `undefined` if the text is the secret itself */
export function parseSecretReference(text: string): SecretReference | undefined {
  const [, kind, place = ""] = /^(env|file):\/\/(.+)$/s.exec(text) ?? [];
  return kind === "env" || kind === "file" ? { kind, place } : undefined;
}
