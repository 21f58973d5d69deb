import { execFile } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { expect } from "chai";
import { decrypt } from "../../provider/age/decrypt";
import { encrypt } from "../../provider/age/encrypt";
import { identitiesOf } from "../../provider/age/identities";
import { bytesOf, stream } from "../support/stores/ground";
import { tool } from "../support/stores/serverProcess";
import { collect, type KeyPair, keyPair } from "../support/archives/ageKeys";

const run = promisify(execFile);
const CHUNK = 64 * 1024;
const SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 20 * CHUNK + 12_345];

describe("encryption and the age tool", function () {
  this.timeout(60_000);
  let folder: string;
  let key: KeyPair;
  let other: KeyPair;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "age-"));
    [key, other] = [await keyPair(), await keyPair()];
    await writeFile(
      join(folder, "key.txt"),
      `# created: today\n# public key: ${other.recipient}\n\n${other.identity}\r\n`,
    );
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const size of SIZES) {
    it(`age opens ${size} bytes that we encrypted for two recipients`, async () => {
      const [sealed, opened] = [join(folder, "x.age"), join(folder, "x")];
      const source = encrypt(stream(bytesOf(size)), [key.recipient, other.recipient]);
      await pipeline(source, createWriteStream(sealed));
      await run(tool("age"), ["--decrypt", "--identity", join(folder, "key.txt"), "--output", opened, sealed]);
      expect((await readFile(opened)).equals(bytesOf(size))).to.equal(true);
    });

    it(`we open ${size} bytes that age encrypted for two recipients`, async () => {
      const [sealed, plain] = [join(folder, "y.age"), join(folder, "y")];
      await writeFile(plain, bytesOf(size));
      const recipients = [key, other].flatMap(({ recipient }) => ["--recipient", recipient]);
      await run(tool("age"), ["--encrypt", ...recipients, "--output", sealed, plain]);
      const identities = identitiesOf(await readFile(join(folder, "key.txt"), "utf8"));
      expect(identities).to.deep.equal([other.identity]);
      const opened = await collect(decrypt(createReadStream(sealed), identities));
      expect(opened.equals(bytesOf(size))).to.equal(true);
    });
  }
});
