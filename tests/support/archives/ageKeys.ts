/** Key pairs for tests, and bytes that were encrypted with them. */

export { generateKeyPair as keyPair, type KeyPair } from "../../../provider/age/keyPair";

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}
