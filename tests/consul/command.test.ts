import { expect } from "chai";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { COMMANDS } from "../../cli/commands";
import { keyPair } from "../support/archives/ageKeys";
import {
  consulBinary,
  type ConsulServer,
  DEFAULT_CONSUL,
  fillKv,
  inspect,
  startConsul,
} from "../support/consul/consul";
import { documentedKeys, keysOf } from "../support/documentedJson";
import { command, type Ended } from "../support/programs/command";
import { temporaryFolder } from "../support/programs/saving";
import { Ground } from "../support/stores/ground";
import { folder as folderKind } from "../support/stores/file";
import { write } from "../support/stores/objects";
import { versitygw } from "../support/stores/s3";
import { STORES } from "../support/stores/stores";

interface Saved {
  readonly location: string;
  readonly series: string;
  readonly index: number;
  readonly encrypted: boolean;
  readonly pruned?: { readonly kept: number; readonly removed: number };
}

describe("the commands that save and look", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let keys: { readonly identity: string; readonly recipient: string };

  before(async () => {
    consul = await startConsul();
    await fillKv(consul, { keys: 20, bytes: 1000 });
    folder = await temporaryFolder();
    keys = await keyPair();
    await writeFile(join(folder.path, "backup.key"), `${keys.identity}\n`);
  });
  after(async () => {
    await folder.remove();
    await consul.stop();
  });

  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
    command(args, { env: { CONSUL_HTTP_ADDR: consul.address, ...env }, cwd: folder.path });

  it("save has examples that work", async () => {
    for (const { line } of COMMANDS.find(({ name }) => name === "save")?.examples ?? []) {
      const [, ...args] = line.replace(/age1\w+/, keys.recipient).split(" ");
      expect((await run(args)).err, line).to.not.include("(");
    }
    const listed = await run(["list", "./backups/", "--format", "json"]);
    expect((JSON.parse(listed.out) as { archives: unknown[] }).archives).to.have.lengthOf(2);
  });

  it("save: a stale snapshot, a name that is replaced on demand, a token in no output; nothing is left of a failure", async () => {
    const fixed = ["save", "one/latest.snap", "--overwrite"];
    for (const args of [fixed, [...fixed, "--stale", "--max-staleness", "1m"]])
      expect((await run(args)).code).to.equal(0);
    expect((await run(["save", "one/latest.snap"])).err).to.include("or {random} to the name, or add --overwrite.");
    const env = { CONSUL_HTTP_ADDR: "127.0.0.1:1", CONSUL_HTTP_TOKEN: "geheim1234" };
    const failed = await run(["save", "none/", "--format", "json"], env);
    expect(failed.code).to.equal(2);
    expect(failed.err).to.include("(CONSUL_UNREACHABLE)");
    expect(failed.out + failed.err).to.not.include("geheim");
    expect((JSON.parse(failed.out) as { error: { code: string } }).error.code).to.equal("CONSUL_UNREACHABLE");
    expect((await folder.entries()).some((name) => name.includes("none"))).to.equal(false);
  });

  it("save: the first archive of another series says which one it may continue, and the others do not", async () => {
    const save = async (series: string) => {
      const { code, err } = await run(["save", "renamed/", "--series", series, "--keep-last", "3"]);
      expect(code, err).to.equal(0);
      return err;
    };
    expect(await save("old one")).to.not.include("first archive of the series");
    const said = await save("new");
    expect(said)
      .to.include(
        "first archive of the series new; retention does not remove the 1 archive of old one at the same place",
      )
      .and.include("use --series 'old one' to continue it");
    expect(await save("new")).to.not.include("first archive of the series");
  });

  for (const kind of [folderKind, versitygw]) {
    it(`adopt gives a manifest to an archive of the real command, which retention then counts: ${kind.name}`, async () => {
      const ground = new Ground(kind);
      await ground.start();
      try {
        const { env } = ground.server;
        const [place, archive] = [ground.server.url("old/"), ground.server.url("old/consul-1795469451610000000.snap")];
        const made = join(folder.path, "agent.snap");
        await promisify(execFile)(consulBinary(DEFAULT_CONSUL), [
          "snapshot",
          "save",
          `-http-addr=${consul.address}`,
          made,
        ]);
        await write(archive, await readFile(made));
        const adopted = await run(["adopt", archive, "--series", "shop", "--format", "json"], env);
        expect(adopted.code, adopted.err).to.equal(0);
        expect((await run(["adopt", archive, "--series", "shop"], env)).err).to.include("(STORE_EXISTS)");
        await consul.api("/v1/kv/after", { method: "PUT", body: "1" });
        const saved = await run(["save", place, "--series", "shop", "--keep-last", "5", "--format", "json"], env);
        expect((JSON.parse(saved.out) as Saved).pruned).to.include({ kept: 2, removed: 0 });
        expect((await run(["verify", archive], env)).code).to.equal(0);
      } finally {
        await ground.stop();
      }
    });
  }

  for (const kind of STORES) {
    it(`save, list, status, inspect --latest and verify --latest, plain and encrypted: ${kind.name}`, async () => {
      const ground = new Ground(kind);
      await ground.start();
      try {
        const { env } = ground.server;
        const place = ground.server.url("shop/");
        const json = async (...args: string[]): Promise<unknown> => {
          const ended = await run([...args, "--format", "json"], env);
          expect(ended.code, ended.err).to.equal(0);
          return JSON.parse(ended.out);
        };
        const plain = (await json("save", place, "--series", "shop", "--keep-last", "3")) as Saved;
        expect(keysOf(plain)).to.have.members(documentedKeys("save"));
        expect(plain).to.include({ series: "shop", encrypted: false });
        await consul.api("/v1/kv/new", { method: "PUT", body: "1" });
        const secret = (await json("save", place, "--series", "shop", "--recipient", keys.recipient)) as Saved;
        expect(secret.index).to.be.greaterThan(plain.index);
        expect(secret.location).to.match(/\.age(\?|$)/);

        const { archives } = (await json("list", place)) as { archives: Record<string, unknown>[] };
        expect(archives.map(({ index, encrypted }) => [index, encrypted])).to.deep.equal([
          [plain.index, false],
          [secret.index, true],
        ]);
        // The record of the first save's retention says why.
        expect(archives[1]?.retention).to.deep.equal({ kept: true, reasons: ["the newest", "last 1"] });

        const identity = ["--identity", "backup.key"];
        const status = (await json("status", place, "--max-age", "1h", "--verify", ...identity)) as {
          series: unknown[];
        };
        expect(status.series).to.have.lengthOf(1);
        const old = await run(["status", place, "--max-age", "1ms"], env);
        expect(old.code, old.out).to.equal(1);
        expect(old.out).to.match(/^NOT OK: shop: /);
        expect((await run(["status", ground.server.url("nothing/"), "--max-age", "1h"], env)).code).to.equal(1);

        const { Meta } = (await json("inspect", place, "--latest", ...identity)) as { Meta: { Index: number } };
        expect(Meta.Index).to.equal(secret.index);
        const verified = (await json("verify", place, "--latest", ...identity)) as { archives: { source: string }[] };
        expect(verified.archives[0]?.source).to.equal(secret.location);
        if (kind === folderKind) expect((await inspect(plain.location)).Meta.Index).to.equal(plain.index);
      } finally {
        await ground.stop();
      }
    });
  }
});
