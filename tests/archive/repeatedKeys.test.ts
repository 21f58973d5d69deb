import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { archiveOf } from "../fixtures/archive";
import { REPEATED_KEYS, repeatedKeyState } from "../fixtures/repeatedKeys";
import { askConsul, askOurs, type Flags } from "./differential";

const FLAGS: Flags = { format: "json", kvdetails: false, kvdepth: 2, kvfilter: "" };

describe("a record with a key twice", function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "repeated-keys-"))));
  after(() => rm(folder, { recursive: true }));

  it("is decoded, or not, by the real inspect and by ours alike", async () => {
    for (const repeated of REPEATED_KEYS) {
      const file = join(folder, "archive.snap");
      await writeFile(file, archiveOf(repeatedKeyState(repeated)));
      const [theirs, ours] = await Promise.all([askConsul(file, FLAGS), askOurs(file, FLAGS)]);
      expect(theirs.kind, repeated.what).to.equal(repeated.isDecodable ? "printed" : "undecodable");
      expect(ours.kind, repeated.what).to.equal(theirs.kind);
      if (theirs.kind !== "printed" || ours.kind !== "printed") continue;
      expect(ours.output.toString(), repeated.what).to.equal(theirs.output.toString());
    }
  });
});
