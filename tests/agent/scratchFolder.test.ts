import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "chai";
import { type ConsulServer, fill, startConsul } from "../support/consul/consul";
import { withoutRights } from "../support/faults/unprivileged";
import { temporaryFolder } from "../support/programs/saving";
import { runToEnd } from "./running";

describe("the agent with a folder for temporary files that cannot be used", function () {
  this.timeout(60_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    consul = await startConsul();
    await fill(consul);
  });
  after(() => consul.stop());
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());
  const path = (name: string): string => join(folder.path, name);

  /** A process of its own, because Node.js ignores a size limit only there. */
  function saveWith(scratch: string, limit = "unlimited"): { code: number | null; out: string } {
    const agent = ["agent", "-interval=0", `-http-addr=${consul.address}`, `-local-path=${path("b")}`];
    const args = ["-c", `ulimit -f ${limit}; exec "$@"`, "sh", process.execPath, resolve("dist/cli/main.js"), ...agent];
    const ran = spawnSync("sh", [...args, `-local-scratch-path=${scratch}`], { encoding: "utf8" });
    return { code: ran.status, out: ran.stdout + ran.stderr };
  }
  const line = (text: string): RegExp =>
    new RegExp(`^\\S+ \\S+ \\[ERROR\\] no snapshot could be taken: a temporary file in .* cannot be used: ${text}\\n$`);

  it("says that it does not exist, and exits as with any invalid configuration", () => {
    const { code, out } = saveWith(path("gone"));
    expect(out).to.match(
      line(
        "ENOENT, the folder does not exist \\(ARGUMENT_INVALID\\); Create the folder, or choose another folder with local_scratch_path\\.",
      ),
    );
    expect(code).to.equal(2);
  });

  it("says that it is full, and exits with 1", async () => {
    await mkdir(path("small"));
    const { code, out } = saveWith(path("small"), "4");
    expect(out).to.match(
      line(
        "EFBIG, the disk is full, or a size limit is reached \\(STORE_FULL\\); Free space there, or choose another folder with local_scratch_path\\.",
      ),
    );
    expect(code).to.equal(1);
    expect(await readdir(path("small"))).to.deep.equal([]);
  });

  it("says that this user may not write there", async () => {
    await mkdir(path("foreign"), { mode: 0o555 });
    await chmod(folder.path, 0o755);
    const places = [`-local-path=${path("b")}`, `-local-scratch-path=${path("foreign")}`];
    const args = ["-interval=0", `-http-addr=${consul.address}`, ...places];
    const { code, lines } = await withoutRights(() => runToEnd(args));
    expect(lines.map((each) => `${each}\n`).join("")).to.match(
      line(
        "EACCES, this user may not write there \\(ARGUMENT_INVALID\\); Allow this user to write there, or choose another folder with local_scratch_path\\.",
      ),
    );
    expect(code).to.equal(2);
  });
});
