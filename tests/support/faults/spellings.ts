/** How a server or a proxy may repeat what it was sent. */

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const base64Of = (text: string): string => Buffer.from(text).toString("base64");
const bytesOf = (text: string, radix: number, digits = 0): string[] =>
  [...Buffer.from(text)].map((byte) => byte.toString(radix).padStart(digits, "0"));
const each = (text: string, spell: (code: number) => string): string =>
  Array.from(text, (character) => spell(character.codePointAt(0) ?? 0)).join("");

function asBase32(text: string): string {
  const bits = bytesOf(text, 2, 8).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(group.padEnd(5, "0"), 2)]).join("");
}

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
  "each byte percent-encoded": (secret) => `%${bytesOf(secret, 16, 2).join("%")}`,
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
  "without its end": (secret) => (secret.length < 24 ? secret : secret.slice(0, -6)),
  "without its beginning": (secret) => (secret.length < 24 ? secret : secret.slice(6)),
  "with other hyphens": (secret) => secret.replaceAll("-", "_"),
  "without hyphens": (secret) => secret.replaceAll("-", ""),
  "with dots between": (secret) => Array.from(secret).join("."),
  "as a quotation over two lines": (secret) => `${secret.slice(0, 5)}\n> ${secret.slice(5)}`,
  "in full width": (secret) => each(secret, (code) => String.fromCodePoint(code + 0xfee0)),
  "as bytes in Go": (secret) => `[${bytesOf(secret, 10).join(" ")}]`,
  "as a buffer in JSON": (secret) => JSON.stringify(Buffer.from(secret)),
  "as bytes in Go's source": (secret) => `[]byte{0x${bytesOf(secret, 16, 2).join(", 0x")}}`,
  "as hexadecimal with colons": (secret) => bytesOf(secret, 16, 2).join(":"),
  "as a dump of words": (secret) => bytesOf(secret, 16, 2).join("").replaceAll(/.{4}/g, "$& "),
  "in octal": (secret) => `\\${bytesOf(secret, 8, 3).join("\\")}`,
  "in binary": (secret) => bytesOf(secret, 2, 8).join(" "),
  "as quoted-printable": (secret) => `=${bytesOf(secret, 16, 2).join("=").toUpperCase()}`,
  "as \\u{…}": (secret) => each(secret, (code) => `\\u{${code.toString(16)}}`),
  "as %u": (secret) => each(secret, (code) => `%u${code.toString(16).padStart(4, "0")}`),
  "as entities without semicolons": (secret) => each(secret, (code) => ` &#${code}`).trim(),
  "as code points": (secret) => each(secret, (code) => ` U+${code.toString(16).toUpperCase().padStart(4, "0")}`).trim(),
  "as calls": (secret) => `chr(${bytesOf(secret, 10).join(")+chr(")})`,
  "as the bytes of a UUID": (secret) =>
    UUID.test(secret) ? [...Buffer.from(secret.replaceAll("-", ""), "hex")].join(" ") : secret,
  "as base64 of a UUID": (secret) =>
    UUID.test(secret) ? Buffer.from(secret.replaceAll("-", ""), "hex").toString("base64") : secret,
  "as base32": asBase32,
  "as base64 twice": (secret) => base64Of(base64Of(secret)),
  "as base64 of UTF-16": (secret) => Buffer.from(secret, "utf16le").toString("base64"),
  "as hexadecimal of base64": (secret) => Buffer.from(base64Of(secret)).toString("hex"),
  "in reverse order": (secret) => Array.from(secret).reverse().join(""),
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
