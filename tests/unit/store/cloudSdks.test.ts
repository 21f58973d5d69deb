import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";

const run = promisify(execFile);
const root = resolve(__dirname, "../../..");

/** Opens a target's store in a process of its own, and tells which clouds' libraries were loaded and what was said. */
const PROGRAM = `
  const { parseLocation } = require("./provider/store/location");
  const { openStore } = require("./provider/store/backends");
  process.env.AWS_REGION = "eu-west-1";
  process.env.AZURE_STORAGE_ACCOUNT = "account";
  const loaded = () => {
    const names = Object.keys(require.cache).map((path) => /node_modules\\/(@aws-sdk|@google-cloud|@azure|azurite)\\//.exec(path)?.[1]);
    return [...new Set(names.filter((name) => name !== undefined))].sort();
  };
  openStore(parseLocation(process.argv[2])).then(
    (store) => { console.log(JSON.stringify({ loaded: loaded() })); store.close(); },
    (error) => console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint })),
  );
`;

interface Told {
  readonly loaded?: string[];
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
}

describe("the clouds' libraries", function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sdk-"));
    await cp(join(root, "dist/provider"), join(folder, "provider"), { recursive: true });
    await writeFile(join(folder, "program.cjs"), PROGRAM);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function open(target: string): Promise<Told> {
    const { stdout } = await run(process.execPath, ["program.cjs", target], { cwd: folder });
    return JSON.parse(stdout) as Told;
  }

  describe("where all are installed", () => {
    before(() => symlink(join(root, "node_modules"), join(folder, "node_modules")));
    after(() => rm(join(folder, "node_modules")));

    const wanted: readonly (readonly [string, readonly string[]])[] = [
      ["./backups/", []],
      ["s3://bucket/", ["@aws-sdk"]],
      ["gs://bucket/", ["@google-cloud"]],
      ["azblob://container/", ["@azure"]],
    ];
    for (const [target, names] of wanted) {
      it(`${names.length === 0 ? "none is" : `only that of ${names.join()} is`} loaded for ${target}`, async () => {
        expect(await open(target)).to.deep.equal({ loaded: names });
      });
    }
  });

  describe("where none is installed", () => {
    before(async () => {
      await mkdir(join(folder, "node_modules"));
      await symlink(join(root, "node_modules/undici"), join(folder, "node_modules/undici"));
    });

    it("are not needed for a path", async () => {
      expect(await open("./backups/")).to.deep.equal({ loaded: [] });
    });

    for (const [target, name] of [
      ["s3://bucket/", "@aws-sdk/client-s3"],
      ["gs://bucket/", "@google-cloud/storage"],
      ["azblob://container/", "@azure/storage-blob"],
    ] as const) {
      it(`are asked for by the line that installs them, for ${target}`, async () => {
        const told = await open(target);
        expect(told.code).to.equal("TARGET_INVALID");
        expect(told.message).to.include(`needs the package ${name}`);
        const { peerDependencies } = (await import(join(root, "package.json"))) as {
          peerDependencies: Record<string, string>;
        };
        expect(told.hint).to.equal(`Run: npm install ${name}@${peerDependencies[name]}`);
      });
    }
  });
});
