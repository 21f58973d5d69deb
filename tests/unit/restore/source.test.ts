import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { SnapshotError } from "../../../provider/errors";
import { openStore } from "../../../provider/store/backends";
import { parseLocation } from "../../../provider/store/location";
import { NO_DECRYPTION } from "../../../provider/age/identities";
import { Source } from "../../../provider/restore/source";
import { archiveOf } from "../../fixtures/archive";
import { keyValue, stateOf } from "../../fixtures/state";

const LONG_AGO = new Date("2026-01-01T00:00:00Z");
const nothing = (): void => undefined;
const archive = archiveOf(stateOf(Array.from({ length: 12 }, (_, at) => keyValue(`${at}`, randomBytes(100_000)))));

describe("an archive that is read again to be sent", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "source-"));
    path = join(folder, "a.snap");
    write(archive);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Of the same time, whatever is in it: a file's version is its size and time. */
  function write(bytes: Buffer): void {
    writeFileSync(path, bytes);
    utimesSync(path, LONG_AGO, LONG_AGO);
  }

  /** @param between - what happens once it is verified, `during` once its first piece is on its way */
  async function sent({ between = nothing, during = nothing }) {
    const place = parseLocation(path);
    const store = await openStore(place);
    const source = await Source.open(place, store, NO_DECRYPTION, new AbortController().signal);
    const pieces: Uint8Array[] = [];
    try {
      await source.read();
      between();
      for await (const piece of source.bytes()) {
        pieces.push(piece);
        if (pieces.length === 1) during();
      }
      return { bytes: Buffer.concat(pieces), error: undefined };
    } catch (error) {
      return { bytes: Buffer.concat(pieces), error };
    } finally {
      store.close();
    }
  }

  function expectHeldBack({ bytes, error }: { bytes: Buffer; error: unknown }): void {
    expect(error).to.be.instanceOf(SnapshotError).with.property("code", "STORE_CHANGED");
    expect(bytes.length, "what was sent").to.be.below(archive.length);
    expect(bytes.equals(archive.subarray(0, bytes.length)), "only what was verified").to.equal(true);
  }

  it("is sent whole", async () => {
    const { bytes, error } = await sent({});
    expect(error).to.equal(undefined);
    expect(bytes.equals(archive)).to.equal(true);
  });

  it("is never sent from the piece on that has other bytes than were verified, wherever they are", async () => {
    for (const place of [300_000, archive.length - 1]) {
      write(archive);
      const altered = Buffer.from(readFileSync(path));
      altered[place] = (altered[place] as number) ^ 1;
      const ended = await sent({ between: () => write(altered) });
      expectHeldBack(ended);
      expect((ended.error as Error).message).to.include("differs from what was verified");
    }
  });

  it("is sent as far as it was verified, and no further, when it is another archive whose beginning is complete", async () => {
    const short = archiveOf(stateOf([keyValue("evil", "1")]));
    const swapped = Buffer.concat([short, archive.subarray(short.length)]);
    const ended = await sent({ between: () => write(swapped) });
    expectHeldBack(ended);
    expect(ended.bytes.length).to.equal(0);
  });

  it("never arrives whole when it ends on the way", async () => {
    expectHeldBack(await sent({ during: () => truncateSync(path, Math.floor(archive.length * 0.7)) }));
  });
});
