/**
 * Reads gzip exactly as Go does, because Consul is written in Go.
 *
 * Node's gunzip ignores trailing bytes after a member that do not start another member; Go, and therefore Consul,
 * refuses them. Go also limits the length of names and verifies the header checksum. So the framing (RFC 1952) is
 * parsed here, and zlib handles only the deflated data.
 */

import { crc32 } from "node:zlib";
import type { SnapshotError } from "../../errors";
import { malformed, mismatch, notGzip, truncated } from "../failures";
import { Inflate } from "./inflate";
import { type ArchiveLimits, tooLarge } from "../limits";

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
/** Go's limit for a name or a comment, including the terminating zero. */
const TEXT_BYTES = 512;

type Part = "fixed" | "extraLength" | "extra" | "name" | "comment" | "headerCrc" | "data" | "trailer";

/** The parts of a header that are present only if their flag is set, in order. */
const OPTIONAL: readonly { part: Part; flag: number; bytes: number }[] = [
  { part: "extraLength", flag: 0x04, bytes: 2 },
  { part: "name", flag: 0x08, bytes: TEXT_BYTES },
  { part: "comment", flag: 0x10, bytes: TEXT_BYTES },
  { part: "headerCrc", flag: 0x02, bytes: 2 },
];

export class GzipReader {
  private part: Part = "fixed";
  /** The received bytes of the current part, and the number of bytes it will have (for a string: at most). */
  private held: number[] = [];
  private wanted = HEADER_BYTES;
  /** Optional parts that the current header may still contain. */
  private awaited = OPTIONAL;
  private headerCrc = 0;
  private members = 0;
  private dataCrc = 0;
  private dataBytes = 0;
  private archiveBytes = 0;
  private inflatedBytes = 0;
  private inflate: Inflate | undefined;

  /**
   * @param sink - receives the inflated bytes in order; must not use them after it returns
   * @param limits - this class enforces the total size, the ratio and the number of members
   */
  constructor(
    private readonly sink: (inflated: Buffer) => void,
    private readonly limits: ArchiveLimits,
  ) {}

  /**
   * Reads the next chunk. The chunk is not used after the promise has settled.
   *
   * @throws SnapshotError `ARCHIVE_*`, and any error that the sink throws
   */
  async write(chunk: Uint8Array): Promise<void> {
    this.archiveBytes += chunk.length;
    let at = 0;
    while (at < chunk.length) {
      at = this.part === "data" ? await this.readData(chunk, at) : this.readFraming(chunk, at);
    }
  }

  /**
   * Call it once, after the last chunk.
   *
   * @throws SnapshotError `ARCHIVE_TRUNCATED`, or an error that an earlier write could not yet detect
   */
  async end(): Promise<void> {
    await this.idle();
    if (this.archiveBytes === 0) throw truncated("before it begins: it is empty");
    if (this.part !== "fixed" || this.held.length > 0) throw truncated(`after ${this.archiveBytes} bytes`);
  }

  /** Settles once the sink has received everything that was written. */
  async idle(): Promise<void> {
    await this.inflate?.idle();
  }

  destroy(): void {
    this.inflate?.destroy();
  }

  private async readData(chunk: Uint8Array, at: number): Promise<number> {
    this.inflate ??= new Inflate((inflated) => this.pass(inflated));
    const left = await this.inflate.write(chunk.subarray(at));
    if (left === undefined) return chunk.length;
    this.inflate.destroy();
    this.inflate = undefined;
    this.expect("trailer", TRAILER_BYTES);
    return chunk.length - left;
  }

  private pass(inflated: Buffer): void {
    this.dataCrc = crc32(inflated, this.dataCrc);
    this.dataBytes += inflated.length;
    this.inflatedBytes += inflated.length;
    const { inflatedBytes, ratio, ratioFrom } = this.limits;
    if (this.inflatedBytes > inflatedBytes) throw tooLarge(`the archive inflates to more than ${inflatedBytes} bytes`);
    if (this.inflatedBytes > ratioFrom && this.inflatedBytes > ratio * this.archiveBytes) {
      throw tooLarge(`the archive inflates to more than ${ratio} times its size`);
    }
    this.sink(inflated);
  }

  /** Collects the bytes of the current part of a header or trailer, and checks the part once it is complete. */
  private readFraming(chunk: Uint8Array, from: number): number {
    const isText = this.part === "name" || this.part === "comment";
    let at = from;
    let whole = false;
    while (at < chunk.length && !whole) {
      const byte = chunk[at++] ?? 0;
      this.held.push(byte);
      whole = isText ? byte === 0 : this.held.length === this.wanted;
      if (isText && !whole && this.held.length === this.wanted) throw this.badHeader();
    }
    if (this.part === "fixed") this.judgeMagic();
    if (whole && this.part === "trailer") this.judgeTrailer();
    else if (whole) this.judgeHeaderPart();
    return at;
  }

  private judgeMagic(): void {
    const [first = 0x1f, second = 0x8b, method = 8] = this.held;
    if (first !== 0x1f || second !== 0x8b || method !== 8) throw this.badHeader();
  }

  private judgeHeaderPart(): void {
    if (this.part === "headerCrc") {
      if (this.number(0, 2) !== this.headerCrc % 2 ** 16) throw this.badHeader();
    } else {
      this.headerCrc = crc32(Buffer.from(this.held), this.part === "fixed" ? 0 : this.headerCrc);
    }
    if (this.part === "fixed") {
      this.members += 1;
      if (this.members > this.limits.gzipMembers) {
        throw tooLarge(`the archive has more than ${this.limits.gzipMembers} gzip members`);
      }
      const flags = this.held[3] ?? 0;
      this.awaited = OPTIONAL.filter(({ flag }) => (flags & flag) !== 0);
    }
    if (this.part === "extraLength" && this.number(0, 2) > 0) {
      this.expect("extra", this.number(0, 2));
      return;
    }
    const [next, ...later] = this.awaited;
    this.awaited = later;
    this.expect(next?.part ?? "data", next?.bytes ?? 0);
  }

  private judgeTrailer(): void {
    if (this.number(0, 4) !== this.dataCrc || this.number(4, 4) !== this.dataBytes % 2 ** 32) {
      throw mismatch("the archive's gzip checksum does not match what it holds");
    }
    this.dataCrc = 0;
    this.dataBytes = 0;
    this.expect("fixed", HEADER_BYTES);
  }

  private expect(part: Part, bytes: number): void {
    this.part = part;
    this.wanted = bytes;
    this.held = [];
  }

  /** Reads a little-endian number from the collected bytes. */
  private number(at: number, bytes: number): number {
    return Buffer.from(this.held).readUIntLE(at, bytes);
  }

  private badHeader(): SnapshotError {
    const isFirst = this.members === (this.part === "fixed" ? 0 : 1);
    if (isFirst) return notGzip();
    return malformed(
      "something follows the end of the archive",
      "Consul appends its error to a snapshot that it could not send whole, and a disk that lost a write leaves zeros. Take the snapshot again.",
    );
  }
}
