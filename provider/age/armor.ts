/**
 * The text form of a file in the age format, which `age --armor` writes: base64 in lines of 64 characters between two marks
 * (https://c2sp.org/age, "ASCII armor").
 */

import { SnapshotError } from "../errors";

export const ARMOR_BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----";
const ARMOR_END = "-----END AGE ENCRYPTED FILE-----";
/** Characters per line; only the last line may be shorter. */
const COLUMNS = 64;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * The bytes inside the armor. Whitespace before and after the armor is ignored, as the age tool does.
 *
 * @throws SnapshotError `DECRYPTION_FAILED`; the source's own failures as they are
 */
export async function* readArmor(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const lines = new ArmorLines();
  let rest = "";
  for await (const chunk of source) {
    const parts = (rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1")).split("\n");
    rest = parts.pop() ?? "";
    // No valid line is this long, so stop buffering.
    if (rest.length > 2 * COLUMNS) throw damagedArmor();
    const bytes = lines.decode(parts);
    if (bytes.length > 0) yield bytes;
  }
  const bytes = lines.decode([rest]);
  if (bytes.length > 0) yield bytes;
  if (lines.place !== "after") throw damagedArmor();
}

class ArmorLines {
  place: "before" | "within" | "after" = "before";
  private isLastLine = false;

  decode(lines: readonly string[]): Buffer {
    const content: string[] = [];
    for (const raw of lines) {
      const line = this.place === "within" ? raw.replace(/\r$/, "") : raw.trim();
      if (this.place !== "within") this.takeOutside(line);
      else if (line.trimEnd() === ARMOR_END) this.place = "after";
      else {
        const isShort = line.length < COLUMNS || line.endsWith("=");
        if (this.isLastLine || line.length > COLUMNS || line.length % 4 !== 0 || !BASE64.test(line))
          throw damagedArmor();
        this.isLastLine = isShort;
        content.push(line);
      }
    }
    return Buffer.from(content.join(""), "base64");
  }

  private takeOutside(line: string): void {
    if (line === "") return;
    if (this.place === "after" || line !== ARMOR_BEGIN) throw damagedArmor();
    this.place = "within";
  }
}

function damagedArmor(): SnapshotError {
  return new SnapshotError(
    "DECRYPTION_FAILED",
    "the text around the encrypted archive (age --armor) is damaged",
    "Use another copy of the archive; a program that changes line breaks or adds text may have altered this one.",
  );
}
