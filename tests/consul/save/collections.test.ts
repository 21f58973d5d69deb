import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { type KeyPair, keyPair } from "../../support/archives/ageKeys";
import { generatedArchive } from "../../support/archives/generatedArchive";
import { type LyingConsul, lyingConsul } from "../../support/faults/lyingConsul";
import { temporaryFolder } from "../../support/programs/saving";
import { versitygw } from "../../support/stores/s3";

const run = promisify(execFile);
const PROGRAM = resolve("tests/support/programs/collections.cjs");
const ARCHIVE_BYTES = 128 * 1024 * 1024;
/** A silence that makes the save verify on a thread, as large archives are. */
const SILENCE_MS = 500;
/** The connections and the end may set off a few. Streaming had set off 14. */
const MOST = 8;

describe("the full collections of a save", function () {
  this.timeout(120_000);
  let consul: LyingConsul;
  let key: KeyPair;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    [key, folder] = [await keyPair(), await temporaryFolder()];
    consul = await lyingConsul((response, headers) => {
      setTimeout(() => {
        response.writeHead(200, headers);
        generatedArchive(ARCHIVE_BYTES).pipe(response);
      }, SILENCE_MS);
    });
  });
  after(async () => {
    await consul.stop();
    await folder.remove();
  });

  /** Those of the main thread, during the second save of a process. */
  async function collections(target: string, env: Readonly<Record<string, string>>) {
    const line = [PROGRAM, consul.address, target, key.recipient];
    const { stdout } = await run(process.execPath, line, { env: { ...process.env, ...env } });
    return JSON.parse(stdout) as { readonly partial: number; readonly full: number };
  }

  it("do not grow with the archive: encrypted, to a folder", async () => {
    const { partial, full } = await collections(`${folder.path}/`, {});
    expect(partial).to.be.above(ARCHIVE_BYTES / 1024 / 1024 / 4);
    expect(full).to.be.below(MOST);
  });

  it("do not grow with the archive: encrypted, to S3", async () => {
    const server = await versitygw.start();
    try {
      const { full } = await collections(server.url("collections/"), server.env);
      expect(full).to.be.below(MOST);
    } finally {
      await server.stop();
    }
  });
});
