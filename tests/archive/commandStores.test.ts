import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { writeRaftSnapshot } from "../fixtures/raftSnapshot";
import { keyValue, stateOf } from "../fixtures/state";
import { keyPair } from "../support/archives/ageKeys";
import { command, type Ended } from "../support/programs/command";
import { temporaryFolder } from "../support/programs/saving";
import { STORES, type StoreServer } from "../support/stores/stores";

const OLD = [keyValue("app/a", "1"), keyValue("app/b", "same"), keyValue("gone", "x")];
const NEW = [keyValue("app/a", "2"), keyValue("app/b", "same"), keyValue("other/c", "y")];

for (const kind of STORES) {
  describe(`the commands over what an archive contains: ${kind.name}`, function () {
    this.timeout(120_000);
    let server: StoreServer;
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let recipient: string;
    const path = (name: string): string => join(folder.path, name);
    before(async () => {
      [server, folder] = await Promise.all([kind.start(), temporaryFolder()]);
      const pair = await keyPair();
      recipient = pair.recipient;
      await writeFile(path("backup.key"), `${pair.identity}\n`);
      await writeRaftSnapshot(path("old"), 1182, stateOf(OLD));
      await writeRaftSnapshot(path("new"), 1183, stateOf(NEW));
    });
    after(() => Promise.all([server.stop(), folder.remove()]));

    const at = (name: string): string => server.url(name);
    const run = (...args: readonly string[]): Promise<Ended> => command(args, { env: server.env });
    const decrypting = (...args: readonly string[]): Promise<Ended> => run(...args, "--identity", path("backup.key"));
    async function done(ended: Promise<Ended>): Promise<string> {
      const { code, out, err } = await ended;
      expect(code, err).to.equal(0);
      return out;
    }

    it("pack writes there, plain and encrypted", async () => {
      const series = "acme/shop/prod/rescued";
      const packed = await done(run("pack", path("old"), at("old.snap"), "--series", series, "--format", "json"));
      expect(JSON.parse(packed)).to.include({ series });
      const listed = await done(run("list", at(""), "--format", "json"));
      expect(listed).to.include(series);
      await done(run("pack", path("new"), at("new.snap.age"), "--recipient", recipient));
    });

    it("copy encrypts and decrypts on the way, from and to it", async () => {
      await done(run("copy", at("old.snap"), at("copy.snap.age"), "--recipient", recipient));
      await done(decrypting("copy", at("copy.snap.age"), path("copy.snap"), "--decrypt"));
      await done(run("copy", at("old.snap"), path("old.snap")));
      expect((await readFile(path("copy.snap"))).equals(await readFile(path("old.snap")))).to.equal(true);
      await done(run("copy", path("copy.snap"), at("back.snap")));
    });

    it("diff compares plain and encrypted archives", async () => {
      expect(await done(decrypting("diff", at("back.snap"), at("copy.snap.age")))).to.equal("They are the same.\n");
      const { code, out } = await decrypting("diff", at("old.snap"), at("new.snap.age"), "--format", "json");
      const { differences } = JSON.parse(out) as { differences: { key: string; change: string }[] };
      expect({ code, found: differences.map(({ key, change }) => `${change} ${key}`).sort() }).to.deep.equal({
        code: 1,
        found: ["added other/c", "changed app/a", "removed gone"],
      });
    });

    for (const [form, name, read] of [
      ["a plain", "old.snap", run],
      ["an encrypted", "copy.snap.age", decrypting],
    ] as const) {
      it(`export and get read ${form} archive`, async () => {
        const exported = JSON.parse(await done(read("export", at(name), "--prefix", "app/"))) as { key: string }[];
        expect(exported.map(({ key }) => key)).to.deep.equal(["app/a", "app/b"]);
        expect(await done(read("get", at(name), "app/a"))).to.equal("1");
        const none = await read("get", at(name), "nowhere");
        expect(none).to.deep.include({ code: 1, out: "" });
      });
    }
  });
}
