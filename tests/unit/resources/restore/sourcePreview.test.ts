import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { encrypt } from "../../../../provider/age/encrypt";
import { NO_DECRYPTION } from "../../../../provider/age/identities";
import { sourceProblem } from "../../../../provider/resources/restore/sourcePreview";
import { parseLocation } from "../../../../provider/store/location";
import { collect, keyPair } from "../../../support/archives/ageKeys";

const KEY_FILE = "CONSUL_SNAPSHOT_AGE_IDENTITY_FILE";

const GZIP = Buffer.from([0x1f, 0x8b, 8, 0]);

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}

function encryptedFor(recipient: string, bytes: Buffer): Promise<Buffer> {
  return collect(encrypt(one(bytes), [recipient]));
}

describe("what a preview finds out about the archive", () => {
  let folder: string;
  const before_ = process.env[KEY_FILE];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "preview-"));
    Reflect.deleteProperty(process.env, KEY_FILE);
  });
  afterEach(() => {
    if (before_ !== undefined) process.env[KEY_FILE] = before_;
    rmSync(folder, { recursive: true });
  });

  function problem(name: string, decryption = NO_DECRYPTION): Promise<string | undefined> {
    return sourceProblem(parseLocation(join(folder, name)), decryption, new AbortController().signal);
  }

  it("is that it is not there", async () => {
    expect(await problem("a.snap")).to.equal(`there is no archive at ${join(folder, "a.snap")}`);
  });

  it("is that it is a folder, or begins as no archive does", async () => {
    mkdirSync(join(folder, "a.snap"));
    expect(await problem("a.snap")).to.equal(`${join(folder, "a.snap")} is not a file`);
    for (const bytes of ["", "\u001f", "<html>"]) {
      writeFileSync(join(folder, "b.snap"), bytes);
      expect(await problem("b.snap")).to.equal(`${join(folder, "b.snap")} is not an archive`);
    }
  });

  it("is that it is encrypted, and nothing decrypts it", async () => {
    const [own, other] = [await keyPair(), await keyPair()];
    const archive = join(folder, "a.snap.age");
    writeFileSync(archive, await encryptedFor(own.recipient, Buffer.concat([GZIP, Buffer.alloc(300_000)])));
    expect(await problem("a.snap.age")).to.equal(
      `${archive}: the archive is encrypted, and no identity is specified to decrypt it`,
    );
    expect(await problem("a.snap.age", { identities: [own.identity], identityFiles: [] })).to.equal(undefined);
    expect(await problem("a.snap.age", { identities: [other.identity], identityFiles: [] })).to.equal(
      `${archive}: none of the identities can decrypt the archive`,
    );
    process.env[KEY_FILE] = join(folder, "absent.txt");
    expect(await problem("a.snap.age"))
      .to.include(`${archive}: `)
      .and.include("absent.txt");
    writeFileSync(process.env[KEY_FILE], own.identity);
    expect(await problem("a.snap.age")).to.equal(undefined);
    writeFileSync(archive, await encryptedFor(own.recipient, Buffer.from("no archive")));
    expect(await problem("a.snap.age")).to.equal(`${archive} is not an archive`);
  });

  it("is nothing where it is there, or its place does not answer", async () => {
    writeFileSync(join(folder, "a.snap"), GZIP);
    expect(await problem("a.snap")).to.equal(undefined);
    const { signal } = new AbortController();
    const unreachable = parseLocation("s3://bucket/a.snap?region=eu-west-1&endpoint=http://127.0.0.1:1");
    expect(
      await sourceProblem(unreachable, NO_DECRYPTION, AbortSignal.any([signal, AbortSignal.timeout(50)])),
    ).to.equal(undefined);
  });
});
