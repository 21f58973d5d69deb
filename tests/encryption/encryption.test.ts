import { inspect } from "node:util";
import { expect } from "chai";
import fc from "fast-check";
import { explain, SnapshotError } from "../../provider/errors";
import { decrypt } from "../../provider/age/decrypt";
import { encrypt } from "../../provider/age/encrypt";
import { checkIdentities } from "../../provider/age/identities";
import { checkRecipients } from "../../provider/age/recipients";
import { bytesOf, failureOf, stream } from "../support/stores/ground";
import { collect, type KeyPair, keyPair } from "../support/archives/ageKeys";

const CHUNK = 64 * 1024;
const SEALED = CHUNK + 16;

/** Sizes about the ends of chunks. */
const sizes = fc
  .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: -20, max: 20 }))
  .map(([chunks, more]) => Math.max(0, chunks * CHUNK + more));

/** Cuts bytes wherever it is told; empty chunks too. */
// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
async function* cutAt(bytes: Buffer, places: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const place of [...places.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(from, place);
    from = place;
  }
}

describe("encryption", function () {
  this.timeout(60_000);
  let key: KeyPair;
  let stranger: KeyPair;
  let sealed: Buffer;
  let headerLength: number;
  before(async () => {
    [key, stranger] = [await keyPair(), await keyPair()];
    sealed = await collect(encrypt(stream(bytesOf(2 * CHUNK + 100)), [key.recipient]));
    headerLength = sealed.indexOf("\n", sealed.indexOf("\n---") + 1) + 1;
  });

  async function refusal(bytes: Buffer, identities = [key.identity]): Promise<SnapshotError> {
    return failureOf(collect(decrypt(stream(bytes), identities)));
  }

  it("gives the same bytes back, of any size, however both streams are cut", async () => {
    const places = fc.array(fc.nat({ max: 5 * CHUNK }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sizes, places, places, async (size, before_, after_) => {
        const bytes = bytesOf(size);
        const hidden = await collect(encrypt(cutAt(bytes, before_), [key.recipient]));
        expect(hidden.length).to.equal(headerLength + 16 + size + 16 * Math.max(1, Math.ceil(size / CHUNK)));
        const opened = await collect(decrypt(cutAt(hidden, after_), [stranger.identity, key.identity]));
        expect(opened.equals(bytes)).to.equal(true);
      }),
      { numRuns: 60 },
    );
  });

  it("reads a header that comes byte by byte", async () => {
    const places = Array.from({ length: headerLength + 40 }, (_, at) => at);
    expect((await collect(decrypt(cutAt(sealed, places), [key.identity]))).equals(bytesOf(2 * CHUNK + 100))).to.equal(
      true,
    );
  });

  it("uses memory of its own: a source may use a chunk's again", async () => {
    const bytes = bytesOf(3 * CHUNK + 5);
    async function* oneBuffer() {
      const buffer = Buffer.alloc(40_000);
      for await (const chunk of stream(bytes, undefined, buffer.length)) {
        buffer.set(chunk);
        yield buffer.subarray(0, chunk.length);
        buffer.fill(0);
      }
    }
    const hidden = await collect(encrypt(oneBuffer(), [key.recipient]));
    expect((await collect(decrypt(stream(hidden), [key.identity]))).equals(bytes)).to.equal(true);
  });

  it("never encrypts twice alike", async () => {
    const again = await collect(encrypt(stream(bytesOf(2 * CHUNK + 100)), [key.recipient]));
    expect(again.subarray(headerLength).equals(sealed.subarray(headerLength))).to.equal(false);
  });

  it("refuses a key that does not fit", async () => {
    const error = await refusal(sealed, [stranger.identity]);
    expect(error.code).to.equal("DECRYPTION_FAILED");
    expect(error.message).to.include("none of the identities");
  });

  it("refuses what is cut, anywhere", async () => {
    const ends = [0, 1, 21, 22, 23, headerLength - 1, headerLength, headerLength + 1, headerLength + 15];
    const payload = headerLength + 16;
    for (const chunk of [0, 1, 2]) {
      for (const more of [0, 1, 15, 16, 17, CHUNK - 1, CHUNK, SEALED - 1]) ends.push(payload + chunk * SEALED + more);
    }
    ends.push(sealed.length - 17, sealed.length - 16, sealed.length - 1);
    for (const end of ends.filter((at) => at < sealed.length)) {
      expect((await refusal(sealed.subarray(0, end))).code, `cut at ${end}`).to.equal("DECRYPTION_FAILED");
    }
  });

  it("refuses what is longer, has a chunk twice, or two exchanged", async () => {
    const payload = headerLength + 16;
    const [start, first, second, last] = [
      sealed.subarray(0, payload),
      sealed.subarray(payload, payload + SEALED),
      sealed.subarray(payload + SEALED, payload + 2 * SEALED),
      sealed.subarray(payload + 2 * SEALED),
    ];
    for (const parts of [
      [start, first, second, last, Buffer.from("x")],
      [start, first, first, second, last],
      [start, second, first, last],
      [start, first, last],
      [start, first, second, last, last],
      [start, first, second],
    ]) {
      expect((await refusal(Buffer.concat(parts))).code).to.equal("DECRYPTION_FAILED");
    }
  });

  it("refuses an empty chunk at the end of what is not empty", async () => {
    // Made by one who has the key: the bytes are authentic, the form is not.
    const { createCipheriv, hkdfSync } = await import("node:crypto");
    const { Decrypter } = await import("age-encryption");
    const decrypter = new Decrypter();
    decrypter.addIdentity(key.identity);
    const fileKey = await decrypter.decryptHeader(sealed.subarray(0, headerLength));
    const nonce = sealed.subarray(headerLength, headerLength + 16);
    const payloadKey = Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32));
    const seal = (bytes: Buffer, counter: number, last: number) => {
      const cipher = createCipheriv(
        "chacha20-poly1305",
        payloadKey,
        Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, counter, last]),
        {
          authTagLength: 16,
        },
      );
      return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    };
    const start = sealed.subarray(0, headerLength + 16);
    const whole = Buffer.concat([start, seal(bytesOf(CHUNK), 0, 1)]);
    expect((await collect(decrypt(stream(whole), [key.identity]))).length).to.equal(CHUNK);
    const odd = Buffer.concat([start, seal(bytesOf(CHUNK), 0, 0), seal(Buffer.alloc(0), 1, 1)]);
    expect((await refusal(odd)).code).to.equal("DECRYPTION_FAILED");
  });

  it("refuses what was changed, in any byte", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: sealed.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Buffer.from(sealed);
        changed[at] = (changed[at] ?? 0) ^ change;
        expect((await refusal(changed)).code).to.equal("DECRYPTION_FAILED");
      }),
      { numRuns: 200 },
    );
    for (let at = 0; at < headerLength; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect((await refusal(changed)).code, `byte ${at}`).to.equal("DECRYPTION_FAILED");
    }
  });

  it("refuses what is not encrypted, or has a header without end", async () => {
    expect((await refusal(bytesOf(1000))).message).to.include("not encrypted in the age format");
    expect((await refusal(Buffer.alloc(0))).message).to.include("not encrypted in the age format");
    let given = 0;
    async function* endless() {
      yield Buffer.from("age-encryption.org/v1\n");
      for (;;) {
        given += CHUNK;
        yield Buffer.alloc(CHUNK, "-> x y\n");
        await Promise.resolve();
      }
    }
    expect((await failureOf(collect(decrypt(endless(), [key.identity])))).code).to.equal("DECRYPTION_FAILED");
    expect(given).to.be.below(2 * 1024 * 1024);
  });

  it("passes the source's own failure on, and closes the source", async () => {
    const own = new SnapshotError("CONSUL_STALLED", "x", "y");
    const broken = (bytes: Buffer) => stream(bytes, () => Promise.reject(own));
    expect(await failureOf(collect(encrypt(broken(bytesOf(10)), [key.recipient])))).to.equal(own);
    expect(await failureOf(collect(decrypt(broken(sealed), [key.identity])))).to.equal(own);
    let closed = 0;
    async function* watched(bytes: Buffer) {
      try {
        yield* stream(bytes);
      } finally {
        closed++;
      }
    }
    for await (const _ of encrypt(watched(bytesOf(5 * CHUNK)), [key.recipient])) if (_.length > CHUNK) break;
    for await (const _ of decrypt(watched(sealed), [key.identity])) if (_.length > 0) break;
    expect(closed).to.equal(2);
  });

  const bad: readonly (readonly [string, () => string[]])[] = [
    ["none", () => []],
    ["an empty one", () => [""]],
    ["one with a wrong letter", () => [key.recipient.slice(0, -1) + (key.recipient.endsWith("q") ? "p" : "q")]],
    ["an SSH key", () => ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP"]],
    ["an identity", () => [key.identity]],
    ["a good one and a bad one", () => [key.recipient, "age1x"]],
  ];
  for (const [title, recipients] of bad) {
    it(`does not take for recipients: ${title}`, async () => {
      const error = await failureOf(checkRecipients(recipients()));
      expect(error.code).to.equal("ARGUMENT_INVALID");
      expect(await failureOf(collect(encrypt(stream(bytesOf(1)), recipients())))).to.include({ code: error.code });
      expect(explain(error)).to.not.include(key.identity);
    });
  }

  it("takes recipients and identities that are good", async () => {
    await checkRecipients([key.recipient, stranger.recipient]);
    await checkIdentities([key.identity, stranger.identity]);
  });

  it("does not take what is no identity, and never shows one", async () => {
    const wrong = key.identity.slice(0, -1) + (key.identity.endsWith("Q") ? "P" : "Q");
    for (const identities of [[], [""], [key.recipient], [wrong], [key.identity, wrong]]) {
      const error = await failureOf(checkIdentities(identities));
      expect(error.code).to.equal("ARGUMENT_INVALID");
      const everything = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true });
      expect(everything).to.not.include(key.identity.slice(20, -1)).and.not.include(key.recipient);
    }
  });
});
