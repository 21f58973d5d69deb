import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { RunNotes } from "../../../../provider/resources/snapshot/runNotes";

const RUN = "127.0.0.1:4711";
/** Larger than the process ids of any system. */
const NO_PROCESS = 2 ** 31 - 1;

describe("the notes of the processes of a run", () => {
  let folder: string;
  let own: RunNotes;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "notes-"));
    own = new RunNotes(RUN, folder);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const archives = new Map([["/a.snap", "not saved"]]);

  it("say which archives must stay, until nothing is to be said", async () => {
    const other = new RunNotes(RUN, folder, process.ppid);
    expect(own.reasonToStay("/a.snap")).to.equal(undefined);
    other.write({ archives });
    expect(own.reasonToStay("/a.snap")).to.equal("not saved");
    expect(own.reasonToStay("/b.snap")).to.equal(undefined);
    expect(other.reasonToStay("/a.snap"), "its own").to.equal(undefined);
    other.write({ archives: new Map(), every: "one has failed" });
    expect(own.reasonToStay("/b.snap")).to.equal("one has failed");
    other.write({ archives: new Map() });
    expect(own.reasonToStay("/b.snap")).to.equal(undefined);
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("are neither those of another run nor of a process that is gone", () => {
    new RunNotes("127.0.0.1:4712", folder, process.ppid).write({ archives });
    new RunNotes(RUN, folder, NO_PROCESS).write({ archives });
    expect(own.reasonToStay("/a.snap")).to.equal(undefined);
  });

  it("can be neither links nor junk, and a folder that cannot be used has none", async () => {
    new RunNotes(RUN, folder, process.ppid).write({ archives });
    const [name = ""] = await readdir(folder);
    await rename(join(folder, name), join(folder, "elsewhere"));
    await symlink(join(folder, "elsewhere"), join(folder, name));
    expect(own.reasonToStay("/a.snap"), "a link").to.equal(undefined);
    await rm(join(folder, name));
    for (const junk of ["", "{", '{"notes":[]}', '{"notes":{"/a.snap":7}}']) {
      await writeFile(join(folder, name), junk);
      expect(own.reasonToStay("/a.snap"), junk).to.equal(undefined);
    }
    const nowhere = new RunNotes(RUN, join(folder, "none"));
    nowhere.write({ archives });
    expect(nowhere.reasonToStay("/a.snap")).to.equal(undefined);
    new RunNotes(RUN, join(folder, "elsewhere")).write({ archives });
    const path = join(folder, name);
    await rm(path);
    await mkdir(`${path}.new`);
    new RunNotes(RUN, folder, process.ppid).write({ archives });
    expect(own.reasonToStay("/a.snap"), "a folder in its place").to.equal(undefined);
  });

  it("are removed where a signal ends the process, which it still does", async () => {
    const program = `const { RunNotes } = require("./provider/resources/snapshot/runNotes.ts");
      for (const run of ["one", "two"]) new RunNotes(run, process.argv[1]).write({ archives: new Map(), every: "failed" });
      process.stdin.resume();
      console.log("written");`;
    const child = spawn(process.execPath, ["--import=tsx", "--eval", program, folder], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const closed = once(child, "close");
    await once(child.stdout, "data");
    expect(await readdir(folder)).to.have.lengthOf(2);
    child.kill("SIGINT");
    expect(await closed).to.deep.equal([null, "SIGINT"]);
    expect(await readdir(folder)).to.deep.equal([]);
  });
});
