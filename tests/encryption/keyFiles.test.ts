import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { decrypt, decryptIfEncrypted } from "../../provider/age/decrypt";
import { encrypt } from "../../provider/age/encrypt";
import { checkIdentities, identitiesOf } from "../../provider/age/identities";
import { checkRecipients } from "../../provider/age/recipients";
import { explain } from "../../provider/errors";
import { collect, type KeyPair, keyPair } from "../support/archives/ageKeys";
import { bytesOf, failureOf, stream } from "../support/stores/ground";
import { tool } from "../support/stores/serverProcess";

const run = promisify(execFile);
const PLUGIN = "AGE-PLUGIN-YUBIKEY-1QYQZQ2PZXG3QGQ9EJ";

describe("keys as people have them", function () {
  this.timeout(60_000);
  const plain = bytesOf(200_000);
  let folder: string;
  let key: KeyPair;
  let sealed: Buffer;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "keys-"));
    key = await keyPair();
    sealed = await collect(encrypt(stream(plain), [key.recipient]));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** What decrypts with a file of identities. */
  async function open(file: string | Buffer, bytes = sealed): Promise<Buffer> {
    const path = join(folder, "identities");
    await writeFile(path, file);
    return collect(decryptIfEncrypted(stream(bytes), { decryption: { identities: [], identityFiles: [path] } }));
  }

  const files: readonly (readonly [string, () => string | Buffer])[] = [
    ["as age-keygen writes it", () => `# public key: ${key.recipient}\n${key.identity}\n`],
    ["with the line ends of Windows", () => `# a key\r\n${key.identity}\r\n`],
    ["with blanks and empty lines", () => `\n  \n  ${key.identity}  \n\n`],
    ["in UTF-8 with a byte order mark", () => `\uFEFF${key.identity}\r\n`],
    ["in UTF-16, little end first, as PowerShell writes it", () => Buffer.from(`\uFEFF${key.identity}\r\n`, "utf16le")],
    ["in UTF-16, big end first", () => Buffer.from(`\uFEFF${key.identity}\r\n`, "utf16le").swap16()],
    ["with the identity of a plugin in front", () => `${PLUGIN}\n${key.identity}\n`],
    ["with the identity of a plugin behind", () => `${key.identity}\n${PLUGIN.toLowerCase()}\n`],
  ];
  for (const [title, file] of files) {
    it(`reads a file of identities ${title}`, async () => {
      expect((await open(file())).equals(plain)).to.equal(true);
    });
  }

  const refused: readonly (readonly [string, () => string | Promise<Buffer>, string, RegExp])[] = [
    ["has only identities of plugins", () => `${PLUGIN}\n`, "ARGUMENT_INVALID", /age plugins, which are not supported/],
    ["is an SSH key", () => "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n", "ARGUMENT_INVALID", /SSH keys are not/],
    ["has the public key", () => `${key.recipient}\n`, "ARGUMENT_INVALID", /It is a recipient, the public key/],
    [
      "is encrypted itself",
      () => collect(encrypt(stream(Buffer.from(key.identity)), [key.recipient])),
      "ARGUMENT_INVALID",
      /is encrypted itself/,
    ],
  ];
  for (const [title, file, code, said] of refused) {
    it(`says so where a file of identities ${title}`, async () => {
      const error = await failureOf(open(await file()));
      expect(error.code).to.equal(code);
      expect(explain(error)).to.match(said).and.not.include(key.identity).and.not.include(PLUGIN);
    });
  }

  it("says that identities of plugins were passed over where none of the others fits", async () => {
    const other = await keyPair();
    const error = await failureOf(open(`${PLUGIN}\n${other.identity}\n`));
    expect(error.code).to.equal("DECRYPTION_FAILED");
    expect(explain(error)).to.include("Identities of age plugins were passed over");
  });

  it("takes a recipient and an identity with the line break of their files", async () => {
    const bytes = await collect(encrypt(stream(plain), [`${key.recipient}\r\n`]));
    expect((await collect(decrypt(stream(bytes), [`${key.identity}\n`]))).equals(plain)).to.equal(true);
  });

  it("says so where a recipient is a file of several", async () => {
    const error = await failureOf(checkRecipients([`${key.recipient}\n${key.recipient}\n`]));
    expect(explain(error)).to.include("several lines");
  });

  it("encrypts for a post-quantum recipient, and decrypts", async () => {
    const { generateHybridIdentity, identityToRecipient } = await import("age-encryption");
    const identity = await generateHybridIdentity();
    const recipient = await identityToRecipient(identity);
    expect(recipient).to.match(/^age1pq1/);
    await checkIdentities([identity]);
    const bytes = await collect(encrypt(stream(plain), [recipient]));
    expect((await open(`${identity}\n`, bytes)).equals(plain)).to.equal(true);
  });
});

describe("an armored archive", function () {
  this.timeout(60_000);
  let folder: string;
  let key: KeyPair;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "armor-"));
    key = await keyPair();
    await writeFile(join(folder, "key.txt"), `${key.identity}\n`);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function armored(size: number): Promise<Buffer> {
    const [plain, sealed] = [join(folder, "plain"), join(folder, "sealed")];
    await writeFile(plain, bytesOf(size));
    await run(tool("age"), ["--encrypt", "--armor", "--recipient", key.recipient, "--output", sealed, plain]);
    return readFile(sealed);
  }

  async function open(text: Buffer, piece: number): Promise<Buffer> {
    const identities = identitiesOf(key.identity);
    const decryption = { identities, identityFiles: [] };
    return collect(decryptIfEncrypted(stream(text, undefined, piece), { decryption }));
  }

  for (const size of [0, 1, 2, 3, 65_535, 65_536, 200_001]) {
    it(`of ${size} bytes is opened as age opens it`, async () => {
      const text = await armored(size);
      const windows = Buffer.from(`\r\n  ${text.toString("latin1").replaceAll("\n", "\r\n")}\r\n \r\n`);
      for (const piece of [7, 64, 65, 100_000]) {
        expect((await open(text, piece)).equals(bytesOf(size)), `pieces of ${piece}`).to.equal(true);
        expect((await open(windows, piece)).equals(bytesOf(size)), `pieces of ${piece}`).to.equal(true);
      }
    });
  }

  it("is refused where it is truncated or changed", async () => {
    const text = (await armored(1000)).toString("latin1");
    const lines = text.split("\n");
    const wrong = [
      text.slice(0, -40),
      text.slice(0, 200),
      `${text}more`,
      lines.toSpliced(3, 1).join("\n"),
      lines.toSpliced(3, 0, "").join("\n"),
      lines.toSpliced(3, 0, "AAAA").join("\n"),
      lines.toSpliced(3, 0, "A".repeat(68)).join("\n"),
      text.replace(/\n.{64}\n/, (line) => line.replace(/[a-z]/, "!")),
      `${lines[0] ?? ""}\n${"A".repeat(100_000)}`,
    ];
    for (const [at, changed] of wrong.entries()) {
      const error = await failureOf(open(Buffer.from(changed), 64));
      expect(error.code, `change ${at}`).to.equal("DECRYPTION_FAILED");
    }
  });
});
