import { createHash } from "node:crypto";

/** SHA-256 of all bytes of a stream, in hexadecimal. @throws errors of the stream */
export async function sha256Of(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest("hex");
}
