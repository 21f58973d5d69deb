import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "chai";
import { ownEndingSignals, withoutEchoes } from "../../../provider/endingSignals";
import { compiledProgram } from "../../support/programs/compiled";
import { temporaryFolder } from "../../support/programs/saving";

describe("a command that is interrupted", function () {
  this.timeout(30_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => (folder = await temporaryFolder()));
  afterEach(() => folder.remove());

  /** Sends the signal once the file is begun. */
  async function run(how: string, signal: NodeJS.Signals): Promise<{ code: number | null; err: string }> {
    const child = spawn(process.execPath, [compiledProgram("unfinishedWork"), join(folder.path, "out"), how], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let err = "";
    child.stderr.on("data", (bytes: Buffer) => (err += bytes.toString()));
    child.stdout.on("data", () => child.kill(signal));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, err };
  }

  for (const name of ownEndingSignals([])) {
    it(`by ${name} leaves no unfinished file of --output`, async () => {
      const { code, err } = await run("honors", name);
      expect(err).to.match(/was interrupted|nothing was written/);
      expect(code).to.equal(2);
      expect(await folder.entries()).to.deep.equal([]);
    });
  }

  it("and ends without cleaning up leaves no unfinished file either", async () => {
    expect((await run("exits", "SIGINT")).code).to.equal(3);
    expect(await folder.entries()).to.deep.equal([]);
  });

  it("takes a signal that arrives twice for one, and a later one for a second", () => {
    const seen: string[] = [];
    let now = 0;
    const handle = withoutEchoes(
      (name) => seen.push(name),
      () => now,
    );
    for (const [at, name] of [
      [1000, "SIGINT"],
      [1003, "SIGINT"],
      [1400, "SIGTERM"],
      [2000, "SIGINT"],
    ] as const) {
      now = at;
      handle(name);
    }
    expect(seen).to.deep.equal(["SIGINT", "SIGINT"]);
  });
});
