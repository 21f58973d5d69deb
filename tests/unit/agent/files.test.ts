import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readConfigFiles } from "../../../agent/files";

describe("the agent's configuration files", () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "config-"))));
  afterEach(() => rm(folder, { recursive: true }));

  it("are those that are named, then those of each folder by name", async () => {
    await mkdir(path("d/inner.json"), { recursive: true });
    for (const name of ["own.json", "d/b.json", "d/a.json", "d/notes.txt"]) await writeFile(path(name), `"${name}"`);
    const read = readConfigFiles({ configFiles: [path("own.json")], configFolders: [path("d")] });
    expect(read.map(({ file, text }) => [file, text])).to.deep.equal(
      ["own.json", "d/a.json", "d/b.json"].map((name) => [path(name), `"${name}"`]),
    );
  });

  it("are named in an error that says what is wrong", async () => {
    await writeFile(path("a.txt"), "");
    await mkdir(path("d.json"));
    for (const [configFiles, configFolders, why] of [
      [[path("gone.json")], [], `${path("gone.json")} does not exist`],
      [[], [path("gone")], `${path("gone")} does not exist`],
      [[], [path("a.txt")], `${path("a.txt")} does not exist: a part of its path is a file, not a folder`],
      [[path("d.json")], [], `${path("d.json")} is a folder, not a file (EISDIR)`],
      [[path("a.txt")], [], `${path("a.txt")} does not end in .json`],
    ] as const) {
      const read = (): unknown => readConfigFiles({ configFiles, configFolders });
      expect(read).to.throw(`the configuration cannot be read: ${why}`);
    }
  });
});
