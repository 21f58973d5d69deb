/** How a server or a proxy may repeat what it was sent. */

export const SPELLINGS: Readonly<Record<string, (secret: string) => string>> = {
  "as it is": (secret) => secret,
  "in upper case": (secret) => secret.toUpperCase(),
  "as base64": (secret) => Buffer.from(secret).toString("base64"),
  "as base64url": (secret) => Buffer.from(secret).toString("base64url"),
  "as base64, percent-encoded": (secret) => encodeURIComponent(Buffer.from(secret).toString("base64")),
  "as base64 over two lines": (secret) =>
    Buffer.from(secret)
      .toString("base64")
      .replace(/^(.{8})/, "$1\r\n"),
  "as base64 with one byte before": (secret) => Buffer.from(`x${secret}`).toString("base64"),
  "as base64 with two bytes before and one after": (secret) => Buffer.from(`xy${secret}z`).toString("base64"),
  "percent-encoded": encodeURIComponent,
  "percent-encoded twice": (secret) => encodeURIComponent(encodeURIComponent(secret)),
  "each byte percent-encoded": (secret) => [...Buffer.from(secret)].map((byte) => `%${byte.toString(16)}`).join(""),
  "as a form": (secret) => new URLSearchParams({ a: secret }).toString().slice(2),
  "in JSON": (secret) => JSON.stringify(secret).slice(1, -1),
  "in JSON in JSON": (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  "in JSON as Go writes it": (secret) =>
    JSON.stringify(secret)
      .slice(1, -1)
      .replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
  "in HTML": (secret) =>
    secret.replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? "&#39;"),
  "as hexadecimal": (secret) => Buffer.from(secret).toString("hex"),
  "over two lines": (secret) => `${secret.slice(0, 5)}\r\n\t${secret.slice(5)}`,
  "over two lines, in JSON": (secret) => `${secret.slice(0, 5)}\\r\\n\\t${secret.slice(5)}`,
  "as base64 over two lines, in JSON in JSON": (secret) =>
    Buffer.from(secret)
      .toString("base64")
      .replace(/^(.{8})/, "$1\\\\n"),
  "with a zero-width character inside": (secret) => `${secret.slice(0, 5)}\u200b${secret.slice(5)}`,
};

/** What to search for a secret in one spelling. */
interface Needle {
  readonly name: string;
  readonly halves: readonly string[];
}

/**
 * A search for the spellings in which a text shows any of these secrets; half of one is enough. It is not that of the product: it
 * knows what was echoed.
 */
export function secretSearch(secrets: Readonly<Record<string, string>>): (text: string) => string[] {
  const needles: Needle[] = Object.entries(secrets).flatMap(([name, secret]) =>
    Object.entries(SPELLINGS).map(([spelling, spell]) => {
      const spelled = withoutBlanks(spell(secret));
      const half = Math.ceil(spelled.length / 2);
      return { name: `${name} ${spelling}`, halves: [spelled.slice(0, half), spelled.slice(-half)] };
    }),
  );
  return (text) => {
    const searched = withoutBlanks(text);
    return needles.filter(({ halves }) => halves.some((half) => searched.includes(half))).map(({ name }) => name);
  };
}

function withoutBlanks(text: string): string {
  return text.replaceAll(/[\s\u200b]|\\+[nrt]/g, "").toLowerCase();
}
