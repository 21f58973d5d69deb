import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect } from "chai";
import { SnapshotError } from "../../provider/errors";
import { fileStore } from "../../provider/store/file/store";
import { bytesOf, contentOf, expectSame, failureOf, listed, stream } from "../support/stores/ground";
import { compiledProgram } from "../support/programs/compiled";

const NOBODY = 65534;

describe("a folder, beyond the contract", function () {
  this.timeout(60_000);
  const store = fileStore();
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "folder-"))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** What another process was told: the code and message of its failure, or what it got. */
  async function attempt(
    wish: string,
    path: string,
    shell = "",
    user = "",
  ): Promise<{ code?: string; message?: string }> {
    const command = `${shell} "${process.execPath}" "${compiledProgram("storeAttempt")}" ${wish} "${path}" ${user}`;
    const child = spawn("sh", ["-c", command], {
      cwd: resolve(__dirname, "../.."),
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await once(child, "close");
    return JSON.parse(text) as { code?: string; message?: string };
  }

  it("makes the folders that are missing, for the user alone", async () => {
    await store.put(join(folder, "a/b/x.snap"), stream(bytesOf(10)));
    expect((await stat(join(folder, "a"))).mode & 0o777).to.equal(0o700);
    expect((await stat(join(folder, "a/b/x.snap"))).mode & 0o777).to.equal(0o600);
  });

  it("leaves no folder that it made for a file that failed", async () => {
    await writeFile(join(folder, "other"), "");
    await store
      .put(
        join(folder, "a/b/x.snap"),
        stream(bytesOf(10), () => Promise.reject(new Error("no"))),
      )
      .catch(() => 0);
    expect(await readdir(folder)).to.deep.equal(["other"]);
  });

  it("leaves no readable piece of a file whose folder was moved while it was written", async () => {
    const [there, moved] = [join(folder, "there"), join(folder, "moved")];
    const move = (): Promise<void> => rename(there, moved);
    async function* movedAfterTheFirstPiece(): AsyncGenerator<Uint8Array> {
      yield bytesOf(1000, 1);
      await move();
      throw new SnapshotError("CONSUL_STALLED", "the source fails", "");
    }
    const writes: Record<string, () => Promise<unknown>> = {
      "before its end": () => store.put(join(there, "x.snap"), movedAfterTheFirstPiece()),
      "before it is visible": () => store.put(join(there, "x.snap"), stream(bytesOf(1000, 1)), { beforeVisible: move }),
      "and a link took its place": () =>
        store.put(join(there, "x.snap"), stream(bytesOf(1000, 1)), {
          async beforeVisible() {
            await move();
            await symlink(folder, there);
          },
        }),
    };
    for (const [name, write] of Object.entries(writes)) {
      await mkdir(there);
      await failureOf(write());
      const sizes = await Promise.all((await readdir(moved)).map(async (each) => (await stat(join(moved, each))).size));
      expect(sizes, name).to.deep.equal([0]);
      await rm(moved, { recursive: true });
    }
  });

  it("tells a folder that is not there from a file that is not there", async () => {
    expect((await failureOf(store.head(join(folder, "a/x.snap")))).code).to.equal("STORE_NOT_FOUND");
    expect((await failureOf(listed(store.list(join(folder, "a/"))))).code).to.equal("STORE_NOT_FOUND");
    expect(await store.head(join(folder, "x.snap"))).to.equal(undefined);
  });

  it("tells a folder where a file should be, and a file where a folder should be", async () => {
    await mkdir(join(folder, "x.snap"));
    await writeFile(join(folder, "file"), "");
    for (const path of ["x.snap", "file/x.snap", "n".repeat(300)]) {
      expect((await failureOf(store.put(join(folder, path), stream(bytesOf(10))))).code).to.equal("TARGET_INVALID");
    }
    expect((await readdir(folder)).sort()).to.deep.equal(["file", "x.snap"]);
  });

  it("names a link to a folder that is not there, such as an unmounted disk", async () => {
    await symlink("/nowhere/backups", join(folder, "disk"));
    for (const key of ["disk/x.snap", "disk/dc1/x.snap"]) {
      const failure = await failureOf(store.put(join(folder, key), stream(bytesOf(10))));
      expect(failure.message, key).to.equal(`${folder}/disk is a link to /nowhere/backups, which does not exist`);
      expect(failure.code, key).to.equal("STORE_NOT_FOUND");
    }
  });

  it("follows a link to a folder, and lists no link that leads nowhere", async () => {
    await mkdir(join(folder, "real"));
    await symlink(join(folder, "real"), join(folder, "link"));
    await symlink(join(folder, "nowhere"), join(folder, "real/dangling"));
    await store.put(join(folder, "link/x.snap"), stream(bytesOf(10)));
    expect(await readdir(join(folder, "real"))).to.include("x.snap");
    expect(await listed(store.list(`${folder}/real/`))).to.have.lengthOf(1);
  });

  it("notices that a file was changed in place while it was read", async () => {
    const key = join(folder, "x.snap");
    const { version } = await store.put(key, stream(bytesOf(1_000_000)));
    const reading = (async () => {
      for await (const chunk of store.read(key, { version })) {
        expect(chunk.length).to.be.above(0);
        await writeFile(key, bytesOf(1_000_000, 1));
      }
    })();
    expect((await failureOf(reading)).code).to.equal("STORE_CHANGED");
  });

  it("does not clobber, nor lose a race, on a filesystem without hard links", async () => {
    const without = fileStore(() => Promise.reject(Object.assign(new Error("no links"), { code: "EPERM" })));
    const key = join(folder, "x.snap");
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map((seed) =>
        without.put(
          key,
          stream(bytesOf(1000, seed), () => new Promise((go) => setImmediate(go))),
        ),
      ),
    );
    const won = outcomes.findIndex((outcome) => outcome.status === "fulfilled");
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).to.have.lengthOf(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).to.have.property("code", "STORE_EXISTS");
    }
    expectSame(await readFile(key), bytesOf(1000, won + 1));
    expectSame(await contentOf(without.read(key)), bytesOf(1000, won + 1));
    expect(await readdir(folder)).to.deep.equal(["x.snap"]);
  });

  it("does not take another writer's file for its own when both replace one", async () => {
    const key = join(folder, "x.snap");
    await store.put(key, stream(bytesOf(1000, 1)));
    const overtaken = fileStore(undefined, async (from, to) => {
      await rename(from, to);
      await store.put(key, stream(bytesOf(1000, 3)), { overwrite: true });
    });
    const putting = overtaken.put(key, stream(bytesOf(1000, 2)), { overwrite: true });
    expect((await failureOf(putting)).code).to.equal("STORE_CHANGED");
    expectSame(await readFile(key), bytesOf(1000, 3));
    expect(await readdir(folder)).to.deep.equal(["x.snap"]);
  });

  it("says that the disk is full, and leaves nothing", async () => {
    // A limit on the size of files, in blocks of 512 or 1024 bytes: far below the megabyte that is written.
    const told = await attempt("put", join(folder, "x.snap"), "ulimit -f 100;");
    expect(told.code).to.equal("STORE_FULL");
    expect(await readdir(folder)).to.deep.equal([]);
  });

  describe("as a user without rights", () => {
    before(function () {
      // Rights bind nobody but others: without root no other user can be had.
      if (process.getuid?.() !== 0) this.skip();
    });

    const asNobody = (wish: string, path: string) => attempt(wish, path, "", String(NOBODY));

    it("tells a folder that may not be written, and one that may not be seen", async () => {
      await chmod(folder, 0o755);
      await store.put(join(folder, "x.snap"), stream(bytesOf(10)));
      await chmod(join(folder, "x.snap"), 0o600);
      expect((await asNobody("put", join(folder, "y.snap"))).code).to.equal("STORE_DENIED");
      expect((await asNobody("read", join(folder, "x.snap"))).code).to.equal("STORE_DENIED");
      expect((await asNobody("delete", join(folder, "x.snap"))).code).to.equal("STORE_DENIED");
      expect((await asNobody("head", join(folder, "x.snap"))).code).to.equal(undefined);
      await chmod(folder, 0o700);
      expect((await asNobody("head", join(folder, "x.snap"))).code).to.equal("STORE_DENIED");
      expect((await asNobody("list", `${folder}/`)).code).to.equal("STORE_DENIED");
      expect(await readdir(folder)).to.deep.equal(["x.snap"]);
    });

    it("writes to a folder that it may write and not read", async () => {
      await chown(folder, NOBODY, NOBODY);
      await chmod(folder, 0o300);
      const key = join(folder, "x.snap");
      expect((await asNobody("put", key)).code).to.equal(undefined);
      expect((await stat(key)).size).to.equal(1024 * 1024);
      expect(await readdir(folder)).to.deep.equal(["x.snap"]);
    });

    it("lists what it may see beside a folder that it may not", async () => {
      await mkdir(join(folder, "lost+found"), { mode: 0o700 });
      await writeFile(join(folder, "x.snap"), "x");
      await chmod(folder, 0o755);
      expect(await asNobody("list", `${folder}/`)).to.deep.equal({ got: [join(folder, "x.snap")] });
    });

    it("reads for that user what it wrote", async () => {
      await chown(folder, NOBODY, NOBODY);
      expect((await asNobody("put", join(folder, "x.snap"))).code).to.equal(undefined);
      expect((await stat(join(folder, "x.snap"))).uid).to.equal(NOBODY);
      expect(dirname(join(folder, "x.snap"))).to.equal(folder);
    });
  });
});
