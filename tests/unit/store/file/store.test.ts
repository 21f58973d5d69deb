import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { Dir } from "node:fs";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { mkdir, readdir, readFile, rename, symlink, utimes, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { fileStore } from "../../../../provider/store/file/store";
import { notApplicable } from "../../../support/notApplicable";
import { compiledProgram } from "../../../support/programs/compiled";
import { runHere } from "../../../support/programs/commandLine";
import { failureOf, temporaryFolder } from "../../../support/programs/saving";
import { listed } from "../../../support/stores/ground";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

// eslint-disable-next-line @typescript-eslint/require-await -- a source is an async iterable
async function* source(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

describe("a folder", () => {
  const store = fileStore();
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let path: string;
  let socket: Server;
  beforeEach(async () => {
    socket = createServer();
    folder = await temporaryFolder();
    path = join(folder.path, "a.snap");
  });
  afterEach(() => folder.remove());

  it("deletes a file only if it is unchanged, however close a replacement comes", async () => {
    for (let round = 0; round < 300; round++) {
      await writeFile(path, "old");
      const replacement = join(folder.path, "new");
      await writeFile(replacement, "the new archive");
      const { version } = (await store.head(path))!;
      const swap = new Promise<void>((done) => setImmediate(() => void rename(replacement, path).then(done)));
      await Promise.allSettled([swap, store.delete(path, { version })]);
      expect(await readFile(path, "utf8")).to.equal("the new archive");
    }
    expect(await readdir(folder.path)).to.deep.equal(["a.snap"]);
  });

  it("deletes a file only with the bytes that are expected, even if its times were put back", async () => {
    await writeFile(path, "archive");
    const { atime, mtime } = await stat(path);
    await writeFile(path, "ARCHIVE");
    await utimes(path, atime, mtime);
    const { version } = (await store.head(path))!;
    expect((await failureOf(store.delete(path, { version, sha256: sha256("archive") }))).code).to.equal(
      "STORE_CHANGED",
    );
    expect(await readFile(path, "utf8")).to.equal("ARCHIVE");
    await store.delete(path, { version, sha256: sha256("ARCHIVE") });
    expect(await readdir(folder.path)).to.deep.equal([]);
    await store.delete(path, { version, sha256: sha256("ARCHIVE") });
  });

  const names = "leaves out a file or folder whose name is not UTF-8, and reports each";
  if (process.platform !== "linux") notApplicable(names, "this system has no such names");
  else
    it(names, async () => {
      const replacement = join(folder.path, "\ufffd.snap");
      for (const name of ["a.snap", replacement]) await writeFile(resolve(folder.path, name), "x");
      const within = (name: string): Buffer => Buffer.concat([Buffer.from(`${folder.path}/${name}`), Buffer.of(0xff)]);
      for (const name of ["b", "c"]) await writeFile(within(name), "x");
      await mkdir(within("sub"));
      await writeFile(Buffer.concat([within("sub"), Buffer.from("/d.snap")]), "x");
      let unreadable = 0;
      const keys: string[] = [];
      for await (const { key } of store.list(`${folder.path}/`, () => unreadable++)) keys.push(key);
      expect(keys.sort()).to.deep.equal([path, replacement]);
      expect(unreadable).to.equal(3);
      const listed = await runHere(["list", folder.path, "--format", "json"]);
      expect(listed.code).to.equal(0);
      expect(listed.err).to.match(/^warning: 3 files or folders are not listed at .*: their names are not UTF-8\n$/m);
    });

  describe("a deletion whose process is killed", () => {
    async function killAt(step: string): Promise<void> {
      const args = ["--require", resolve(__dirname, "../../../support/programs/killAtFileCall.cjs")];
      const child = spawn(process.execPath, [...args, compiledProgram("storeDeleter"), path], {
        stdio: ["ignore", "inherit", "inherit"],
        env: { ...process.env, KILL_BELOW: folder.path, KILL_AT: step },
      });
      expect(await once(child, "exit")).to.deep.equal([null, "SIGKILL"]);
    }
    async function visible(): Promise<string[]> {
      const keys: string[] = [];
      for await (const { key } of store.list(`${folder.path}/`)) keys.push(key);
      return keys;
    }

    for (const [step, files] of [
      ["before 1", ["a.snap"]],
      ["after 1", []],
      ["before 2", []],
      ["after 2", []],
    ] as const) {
      it(`has happened or has not, and leaves nothing after the next save: ${step}`, async () => {
        await writeFile(path, "archive");
        await killAt(step);
        expect(await visible()).to.deep.equal(files.map((name) => join(folder.path, name)));
        await store.sweep(path);
        expect(await readdir(folder.path)).to.deep.equal(files);
      });
    }

    /** The file under its private name is the one that another writer placed just before it was renamed. */
    async function killWithAnotherFile(): Promise<string> {
      await writeFile(path, "archive");
      await killAt("after 1");
      const [hidden = ""] = await readdir(folder.path);
      await writeFile(join(folder.path, hidden), "another archive");
      return hidden;
    }

    it("gives another writer's file its name back", async () => {
      await killWithAnotherFile();
      expect(await visible()).to.deep.equal([]);
      await store.sweep(path);
      expect(await readdir(folder.path)).to.deep.equal(["a.snap"]);
      expect(await readFile(path, "utf8")).to.equal("another archive");
    });

    it("keeps another writer's file hidden if its name is taken, however often it is swept", async () => {
      const hidden = await killWithAnotherFile();
      await writeFile(path, "a third one");
      await store.sweep(path);
      await store.sweep(path);
      expect(await visible()).to.deep.equal([path]);
      expect(await readFile(path, "utf8")).to.equal("a third one");
      expect(await readFile(join(folder.path, hidden), "utf8")).to.equal("another archive");
    });

    it("is not finished for names that only look like those of deletions", async () => {
      const names = [
        ".consul-snapshot-0123456789abcdef.deleting",
        ".consul-snapshot-0123456789abcdef-0123456789abcdef.deleting",
        "consul-snapshot-0123456789abcdef-0123456789abcdef-a.snap.deleting",
      ];
      for (const name of names) await writeFile(join(folder.path, name), "x");
      await store.sweep(path);
      expect((await readdir(folder.path)).sort()).to.deep.equal([...names].sort());
    });

    it("can delete a file with the longest possible name", async () => {
      const long = join(folder.path, `${"a".repeat(250)}.snap`);
      await writeFile(long, "archive");
      await store.delete(long, { version: (await store.head(long))!.version });
      expect(await readdir(folder.path)).to.deep.equal([]);
    });
  });

  it("makes missing folders, and removes them when nothing was saved", async () => {
    await store.put(join(folder.path, "b/c/d/a.snap"), source("x"));
    expect(await readFile(join(folder.path, "b/c/d/a.snap"), "utf8")).to.equal("x");
    const failing = store.put(join(folder.path, "e/f/a.snap"), source("x"), {
      beforeVisible: () => Promise.reject(new Error("no")),
    });
    expect(await failing.catch(String)).to.equal("Error: no");
    expect(await readdir(folder.path)).to.deep.equal(["b"]);
  });

  it("makes the same missing folders for several writers at once", async () => {
    const names = ["1", "2", "3", "4"].map((name) => join(folder.path, "b/c", name));
    await Promise.all(names.map((name) => store.put(name, source("x"))));
    expect(await readdir(join(folder.path, "b/c"))).to.deep.equal(["1", "2", "3", "4"]);
  });

  it("names the file that a path has in place of a folder, and what is not a file", async () => {
    await writeFile(path, "archive");
    for (const target of [`${path}/`, join(path, "b.snap"), join(path, "c/b.snap")]) {
      const listed = failureOf(store.list(`${target}/`)[Symbol.asyncIterator]().next());
      for (const error of await Promise.all([listed, failureOf(store.put(join(target, "x"), source("x")))]))
        expect(error, target).to.include({
          code: "TARGET_INVALID",
          message: `${path} is a file, not a folder`,
          hint: "Check the path: only a folder can be before a / in it.",
        });
    }
    expect(await failureOf(store.head(folder.path))).to.include({
      message: `${folder.path} is not a file`,
      hint: "Specify the path of a file, not of a folder, a named pipe or a device.",
    });
  });

  it("has an error of ours where its names cannot be read to the end, and is saved to all the same", async () => {
    const iterate = Dir.prototype[Symbol.asyncIterator];
    Dir.prototype[Symbol.asyncIterator] = function (this: Dir) {
      this.closeSync();
      throw Object.assign(new Error("EIO: i/o error, readdir"), { code: "EIO", syscall: "readdir" });
    };
    try {
      const error = await failureOf(listed(store.list(`${folder.path}/`)));
      expect(error).to.include({ name: "SnapshotError", code: "STORE_UNREACHABLE" });
      expect(error.message).to.equal(`${folder.path}/ cannot be used (EIO)`);
      await store.sweep(path);
      await store.put(path, source("archive"));
    } finally {
      Dir.prototype[Symbol.asyncIterator] = iterate;
    }
    expect(await readFile(path, "utf8")).to.equal("archive");
  });

  for (const [what, make] of [
    ["a device", () => symlink("/dev/null", path)],
    ["a socket", () => new Promise<void>((listening) => socket.listen(path, listening))],
  ] as const) {
    it(`overwrites a file, and not ${what}`, async () => {
      await make();
      try {
        const error = await failureOf(store.put(path, source("archive"), { overwrite: true }));
        expect(error.code).to.equal("TARGET_INVALID");
        expect(error.message).to.equal(`${path} is not a file`);
        expect((await stat(path)).isFile()).to.equal(false);
        expect(await readdir(folder.path)).to.deep.equal(["a.snap"]);
      } finally {
        socket.close();
      }
    });
  }

  it("ends with an error where a folder cannot be made", async () => {
    await symlink(join(folder.path, "not-mounted/backups"), join(folder.path, "nas"));
    await mkdir(join(folder.path, "real"));
    for (const target of ["nas/a.snap", "nas/dc1/a.snap"]) {
      const error = await failureOf(store.put(join(folder.path, target), source("x")));
      expect(error.code, target).to.be.oneOf(["TARGET_INVALID", "STORE_NOT_FOUND"]);
    }
    expect((await readdir(folder.path)).sort()).to.deep.equal(["nas", "real"]);
    if (process.platform !== "linux") return;
    // mkdir answers ENOENT in /proc, though the parent exists.
    expect((await failureOf(store.put("/proc/x/a.snap", source("x")))).code).to.equal("STORE_NOT_FOUND");
  });
});
