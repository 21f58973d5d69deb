import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { archiveOf } from "../../fixtures/archive";
import { keyValue, stateOf } from "../../fixtures/state";
import { runHere } from "../../support/programs/commandLine";
import { temporaryFolder } from "../../support/programs/saving";

describe("diff at a terminal", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  beforeEach(async () => {
    folder = await temporaryFolder();
    const archive = archiveOf(stateOf([keyValue("app/a", "1")]));
    await writeFile(path("a.snap"), archive);
    await writeFile(path("cut.snap"), archive.subarray(0, -5));
  });
  afterEach(() => folder.remove());

  it("erases its progress before a failure and before a result", async () => {
    const failed = await runHere(["diff", path("a.snap"), path("cut.snap")], { isTerminal: true });
    expect(failed.code).to.equal(2);
    expect(failed.err).to.match(/reading .*cut\.snap\r\u001b\[2K[^\r]*\(ARCHIVE_TRUNCATED\)\n/);
    const done = await runHere(["diff", path("a.snap"), path("a.snap")], { isTerminal: true });
    expect(done.code).to.equal(0);
    expect(done.err).to.match(/reading .*a\.snap(\r\u001b\[2K)+$/);
  });
});
