import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { decryptionOf, readArchive } from "../../../../cli/source/readArchive";

describe("a file that cannot be read", () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "unreadable-"))));
  after(() => rm(folder, { recursive: true }));

  it("is explained, whatever the system says", async () => {
    await symlink("circle", join(folder, "circle"));
    const cases = { circle: "ELOOP", ["x".repeat(300)]: "ENAMETOOLONG" };
    for (const [name, code] of Object.entries(cases)) {
      const error = await readArchive(join(folder, name), await decryptionOf()).catch((thrown: unknown) => thrown);
      expect(error).to.include({ name: "SnapshotError", code: "STORE_UNREACHABLE" });
      expect(error).to.have.property("message").that.includes(`cannot be read (${code})`);
      expect(error).to.have.property("hint").that.includes("links");
    }
  });
});
