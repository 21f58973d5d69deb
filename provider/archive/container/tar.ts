/**
 * Reads tar exactly as Go's archive/tar does: entries, and the PAX and GNU extensions that change their names and sizes
 * or make them sparse. `tarHeader.ts` explains why no library is used.
 *
 * The reader is a generator that yields the most bytes it can take and receives some, so the code follows the format
 * although the bytes are pushed.
 */

import { malformed, truncated } from "../failures";
import { type ArchiveLimits, tooLarge } from "../limits";
import { BLOCK, badHeader, isHeaderOnly, isZero, parseHeader, type TarHeader, text } from "./tarHeader";
import { applyPax, type Pax, parsePax } from "./tarPax";
import { OldSparseMap, paxSparse, type Sparse, SparseMap, validate } from "./tarSparse";

/** Go's limit for data that describes the next entry: PAX records, long names, maps of sparse files. */
const SPECIAL_BYTES = 1024 * 1024;
const ZEROS = Buffer.alloc(64 * 1024);

/** Receives the content of a tar. Each method may throw to refuse it. */
export interface TarSink {
  open(name: string): void;
  /** The next bytes of the open entry; they are not valid after the call. */
  content(bytes: Buffer): void;
  close(): void;
}

/** Yields the most bytes that it can take; receives at least one byte, or `undefined` at the end of the input. */
type Reading<T> = Generator<number, T, Buffer | undefined>;

export class TarReader {
  private readonly reading: Reading<void>;
  private wanted: number;

  /** @param limits - this class enforces the number of entries */
  constructor(sink: TarSink, limits: ArchiveLimits) {
    this.reading = readTar(sink, limits);
    this.wanted = this.reading.next().value ?? 0;
  }

  /** @throws SnapshotError `ARCHIVE_*`, and any error that the sink throws */
  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.wanted === 0) throw malformed("the archive goes on after its tar has ended");
      const piece = bytes.subarray(at, at + this.wanted);
      at += piece.length;
      this.wanted = this.reading.next(piece).value ?? 0;
    }
  }

  /**
   * Call it once, after the last bytes.
   *
   * @throws SnapshotError `ARCHIVE_TRUNCATED`
   */
  end(): void {
    this.reading.next(undefined);
  }
}

/** Reads entries up to two zero blocks, or up to the end of the input, which Go accepts as well. */
function* readTar(sink: TarSink, limits: ArchiveLimits): Reading<void> {
  let pax: Pax = new Map();
  let longName = "";
  for (let entries = 1; ; entries++) {
    const block = yield* readBlock();
    if (block === undefined) return;
    if (isZero(block)) {
      const second = yield* readBlock();
      if (second !== undefined && !isZero(second)) throw badHeader();
      return;
    }
    if (entries > limits.entries) throw tooLarge(`the archive's tar has more than ${limits.entries} entries`);
    let header = parseHeader(block);
    let padding = paddingOf(header);
    switch (header.typeFlag) {
      case "x":
        pax = parsePax(yield* readSpecial(header));
        break;
      case "g": {
        // Go returns a global header as a separate, empty entry.
        const records = parsePax(yield* readSpecial(header));
        sink.open(records.get("path") || header.name);
        sink.close();
        pax = new Map();
        longName = "";
        break;
      }
      case "L": {
        const name = yield* readSpecial(header);
        longName = text(name, 0, name.length);
        break;
      }
      case "K":
        yield* readSpecial(header);
        break;
      default:
        header = applyPax(header, pax, longName);
        padding = paddingOf(header);
        yield* readEntry(sink, header, block, pax);
        pax = new Map();
        longName = "";
    }
    if (!(yield* skip(padding))) return;
  }
}

function* readEntry(sink: TarSink, header: TarHeader, block: Buffer, pax: Pax): Reading<void> {
  const stored = storedBytes(header);
  const sparse = yield* readSparse(header, block, pax);
  if (sparse === undefined) {
    sink.open(header.name);
    yield* pass(stored, sink);
  } else {
    validate(sparse, header, stored - sparse.mapBytes);
    sink.open(sparse.name);
    let at = 0;
    for (const { offset, length } of sparse.fragments) {
      passZeros(offset - at, sink);
      yield* pass(length, sink);
      at = offset + length;
    }
    passZeros(sparse.size - at, sink);
  }
  sink.close();
}

/** Reads the map of a sparse file; its place depends on the format. */
function* readSparse(header: TarHeader, block: Buffer, pax: Pax): Reading<Sparse | undefined> {
  if (header.typeFlag === "S") {
    if (!header.isGnu) throw badHeader();
    const map = new OldSparseMap(block);
    for (let bytes = BLOCK; map.isExtended; bytes += BLOCK) {
      if (bytes >= SPECIAL_BYTES) throw tooLong();
      map.extend((yield* readBlock()) ?? cut());
    }
    return { name: header.name, size: map.size, fragments: map.fragments, mapBytes: 0 };
  }
  const declared = paxSparse(header, pax);
  if (declared?.fragments !== undefined || declared === undefined) return declared;
  const map = new SparseMap();
  let fragments = map.fragments;
  let mapBytes = 0;
  for (; fragments === undefined; fragments = map.fragments) {
    mapBytes += BLOCK;
    if (mapBytes > SPECIAL_BYTES) throw tooLong();
    if (mapBytes > storedBytes(header)) cut();
    map.add((yield* readBlock()) ?? cut());
  }
  return { ...declared, fragments, mapBytes };
}

function* readSpecial(header: TarHeader): Reading<Buffer> {
  if (header.size > SPECIAL_BYTES) throw tooLong();
  return (yield* readExactly(storedBytes(header))) ?? cut();
}

/** @returns `undefined` if the input ends before the block */
function* readBlock(): Reading<Buffer | undefined> {
  return yield* readExactly(BLOCK);
}

function* readExactly(bytes: number): Reading<Buffer | undefined> {
  const whole = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; ) {
    const piece = yield bytes - at;
    if (piece === undefined) {
      return at === 0 ? undefined : cut();
    }
    at += piece.copy(whole, at);
  }
  return whole;
}

function* pass(bytes: number, sink: TarSink): Reading<void> {
  for (let left = bytes; left > 0; ) {
    const piece = yield left;
    if (piece === undefined) cut();
    left -= piece.length;
    sink.content(piece);
  }
}

function passZeros(bytes: number, sink: TarSink): void {
  for (let left = bytes; left > 0; left -= ZEROS.length) sink.content(ZEROS.subarray(0, left));
}

/** @returns whether there were that many bytes */
function* skip(bytes: number): Reading<boolean> {
  for (let left = bytes; left > 0; ) {
    const piece = yield left;
    if (piece === undefined) return false;
    left -= piece.length;
  }
  return true;
}

/** Bytes of content after the header. */
function storedBytes(header: TarHeader): number {
  if (isHeaderOnly(header)) return 0;
  if (header.size < 0) throw badHeader();
  return header.size;
}

function paddingOf(header: TarHeader): number {
  return (BLOCK - (storedBytes(header) % BLOCK)) % BLOCK;
}

function cut(): never {
  throw truncated("inside its tar");
}

function tooLong(): Error {
  return malformed("the archive's tar has a header that is too long");
}
