/** `env://NAME` and `file://PATH`, which stand for a secret that is elsewhere. Pure. */

export interface SecretReference {
  readonly kind: "env" | "file";
  /** The variable, or the path. */
  readonly place: string;
}

/** @returns nothing where the text is the secret itself */
export function parseSecretReference(text: string): SecretReference | undefined {
  const [, kind, place = ""] = /^(env|file):\/\/(.+)$/s.exec(text) ?? [];
  return kind === "env" || kind === "file" ? { kind, place } : undefined;
}
