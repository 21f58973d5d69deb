/**
 * Hashes of the pieces of a stream, to verify a second reading of the same stream: each piece is passed on only after
 * it matches the first reading. Memory: 32 bytes per piece.
 */

import { createHash, type Hash } from "node:crypto";

/** The length of a piece, in bytes. */
export const PIECE_SIZE = 1024 * 1024;

export class PieceHashes {
  readonly #hashes: Buffer[] = [];
  #current: Hash = createHash("sha256");
  #length = 0;

  /** Adds the next bytes of the first reading. */
  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + PIECE_SIZE - this.#length);
      this.#current.update(part);
      this.#length += part.length;
      at += part.length;
      if (this.#length === PIECE_SIZE) this.#endPiece();
    }
  }

  /** Call it after the last bytes of the first reading. */
  end(): void {
    if (this.#length > 0) this.#endPiece();
  }

  /**
   * Yields the second reading piece by piece, each only after its hash matches the first reading.
   *
   * @param changed - creates the error if a piece differs, is missing, or is extra
   */
  async *verified(source: AsyncIterable<Uint8Array>, changed: () => Error): AsyncGenerator<Uint8Array> {
    let at = 0;
    const check = (piece: Uint8Array): Uint8Array => {
      const expected = this.#hashes[at++];
      if (expected?.equals(createHash("sha256").update(piece).digest()) !== true) throw changed();
      return piece;
    };
    let parts: Uint8Array[] = [];
    let length = 0;
    for await (let chunk of source) {
      while (length + chunk.length >= PIECE_SIZE) {
        const rest = PIECE_SIZE - length;
        yield check(Buffer.concat([...parts, chunk.subarray(0, rest)]));
        chunk = chunk.subarray(rest);
        [parts, length] = [[], 0];
      }
      if (chunk.length > 0) parts.push(chunk);
      length += chunk.length;
    }
    if (length > 0) yield check(Buffer.concat(parts));
    if (at !== this.#hashes.length) throw changed();
  }

  #endPiece(): void {
    this.#hashes.push(this.#current.digest());
    this.#current = createHash("sha256");
    this.#length = 0;
  }
}
