import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { SnapshotError } from "../../../provider/errors";
import { Spool } from "../../../provider/save/spool";
import { temporaryFolder } from "../../support/programs/saving";

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe("a spool", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  it("returns what was written, whole and to several readers at once, and has no name meanwhile", async () => {
    const spool = await Spool.open(folder.path);
    try {
      const large = "x".repeat(3_000_000);
      await spool.write(pieces("a", large, "z"));
      expect(await readdir(folder.path)).to.deep.equal([]);
      const [one, other] = await Promise.all([textOf(spool.read()), textOf(spool.read())]);
      expect(one === `a${large}z`).to.equal(true);
      expect(other === one).to.equal(true);
    } finally {
      await spool.close();
    }
  });

  it("is not readable on the disk", async () => {
    const spool = await Spool.open(folder.path);
    try {
      await spool.write(pieces("a secret of the archive ".repeat(1000)));
      // /proc/self/fd: Linux. The file has no name of its own any more.
      const open = await Promise.all(
        (await readdir("/proc/self/fd")).map(async (fd) => {
          const path = `/proc/self/fd/${fd}`;
          const target = await readlink(path).catch(() => "");
          return target.startsWith(folder.path) ? path : undefined;
        }),
      );
      const files = open.filter((path) => path !== undefined);
      expect(files).to.have.lengthOf(1);
      expect((await readFile(String(files[0]))).includes("secret")).to.equal(false);
      expect(await textOf(spool.read())).to.include("secret");
    } finally {
      await spool.close();
    }
  });

  it("names the setting where its folder does not exist", async () => {
    const failure = await Spool.open(join(folder.path, "absent")).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(SnapshotError);
    expect((failure as SnapshotError).message).to.include("absent cannot be used: ENOENT");
    expect((failure as SnapshotError).hint).to.include("local_scratch_path");
  });
});
