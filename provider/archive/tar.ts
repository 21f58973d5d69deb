/**
 * Tar as Go's archive/tar reads it: entries, and the extensions of PAX and GNU that rename, resize or thin them out.
 * `tarHeader.ts` says why this is not left to a library.
 *
 * The reader is a generator that says how many bytes it wants at most and is given some, so that it reads like the
 * format although the bytes are pushed.
 */

import { malformed, truncated } from "./failures";
import { type ArchiveLimits, tooLarge } from "./limits";
import { BLOCK, badHeader, isHeaderOnly, isZero, parseHeader, type TarHeader, text } from "./tarHeader";
import { applyPax, type Pax, parsePax } from "./tarPax";
import { OldSparseMap, paxSparse, type Sparse, SparseMap, validate } from "./tarSparse";

/** Go's limit for what describes the next entry: PAX records, long names, maps of sparse files. */
const SPECIAL_BYTES = 1024 * 1024;
/** Holes cost nothing in an archive, and time here; no Consul makes any. */
const SPARSE_BYTES = 64 * 1024 * 1024;
const ZEROS = Buffer.alloc(64 * 1024);

/** Whoever wants to know what a tar holds. All of it may throw, to refuse. */
export interface TarSink {
  open(name: string): void;
  /** The next bytes of the open entry; they are not valid after the call. */
  content(bytes: Buffer): void;
  close(): void;
}

/** Yields the most bytes that it can take; is given at least one, or nothing at the end of all bytes. */
type Reading<T> = Generator<number, T, Buffer | undefined>;

export class TarReader {
  private readonly reading: Reading<void>;
  private wanted: number;

  /** @param limits - of these, the number of entries is held here */
  constructor(sink: TarSink, limits: ArchiveLimits) {
    this.reading = readTar(sink, limits);
    this.wanted = this.reading.next().value ?? 0;
  }

  /** @throws SnapshotError `ARCHIVE_*`, and whatever the sink throws */
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
   * To be called when there is no more to read.
   *
   * @throws SnapshotError `ARCHIVE_TRUNCATED`
   */
  end(): void {
    this.reading.next(undefined);
  }
}

/** Reads entry after entry until two blocks of zeros, or until there is nothing more, which Go takes as well. */
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
        // Go shows a global header as an entry of its own, with nothing in it.
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
    if (sparse.size > SPARSE_BYTES)
      throw tooLarge(`the archive holds a sparse file of more than ${SPARSE_BYTES} bytes`);
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

/** The map of a sparse file, wherever its format keeps it. */
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

/** @returns nothing where the bytes end in front of it */
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

/** @returns whether there was as much */
function* skip(bytes: number): Reading<boolean> {
  for (let left = bytes; left > 0; ) {
    const piece = yield left;
    if (piece === undefined) return false;
    left -= piece.length;
  }
  return true;
}

/** Bytes of content behind the header. */
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
