import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { encrypt } from "../../provider/age/encrypt";
import { collect, keyPair } from "../support/archives/ageKeys";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { notApplicable } from "../support/notApplicable";
import { command } from "../support/programs/command";
import { type Ran, runHere } from "../support/programs/commandLine";
import { temporaryFolder } from "../support/programs/saving";
import { Ground } from "../support/stores/ground";
import { names, write } from "../support/stores/objects";
import { STORES } from "../support/stores/stores";

const FORMS = ["plain", "encrypted"] as const;
type Form = (typeof FORMS)[number];

/** What the cells of one store and form know. */
interface Cell {
  readonly form: Form;
  /** The target of its archives. */
  readonly place: string;
  /** Another one. */
  readonly at: (name: string) => string;
  /** The indexes of the two saves. */
  readonly indexes: number[];
  /** Runs a line, which must end so. Default: with 0. */
  readonly run: (args: readonly string[], code?: number) => Promise<Ran>;
  readonly json: <T>(args: readonly string[], code?: number) => Promise<T>;
  /** Such a file, local. */
  readonly file: (name: string) => string;
  /** Options that encrypt. */
  readonly encrypting: readonly string[];
}

interface Listed {
  readonly archives: readonly { readonly index: number; readonly location: string; readonly series: string }[];
}

interface Row {
  readonly name: string;
  readonly show: (cell: Cell, consul: ConsulServer) => Promise<void>;
}

/** In their order: each finds what those before it have left. */
const ROWS: readonly Row[] = [
  {
    name: "save",
    async show({ place, json, encrypting, indexes, form }, consul) {
      for (const value of ["1", "2"]) {
        await consul.api("/v1/kv/app/a", { method: "PUT", body: value });
        const args = ["save", place, "--series", "shop", ...encrypting];
        const saved = await json<{ index: number; encrypted: boolean }>(args);
        indexes.push(saved.index);
        expect(saved.encrypted).to.equal(form === "encrypted");
      }
    },
  },
  {
    name: "list",
    async show({ place, json, indexes }) {
      const { archives } = await json<Listed>(["list", place]);
      expect(archives.map(({ index }) => index)).to.deep.equal(indexes);
    },
  },
  {
    name: "status",
    async show({ place, at, json, run, indexes }) {
      const { series } = await json<{ series: object[] }>(["status", place, "--max-age", "1h", "--verify"]);
      expect(series).to.have.lengthOf(1);
      expect(series[0]).to.include({ ok: true, series: "shop", index: indexes[1], verified: true });
      for (const missing of [at("nothing/"), at("nothing/below/{random}.snap")]) {
        const { out } = await run(["status", missing, "--max-age", "1h"], 1);
        expect(out).to.match(/^NOT OK: there is no archive/);
      }
    },
  },
  {
    name: "verify of a folder or prefix",
    async show({ place, at, json, run }) {
      const { archives } = await json<{ archives: { ok: boolean; manifest: string }[] }>(["verify", place]);
      expect(archives.map(({ ok, manifest }) => [ok, manifest])).to.deep.equal(Array(2).fill([true, "matches"]));
      await run(["verify", at("nothing/")], 1);
    },
  },
  {
    name: "inspect --latest",
    async show({ place, json, indexes }) {
      const { Meta } = await json<{ Meta: { Index: number } }>(["inspect", place, "--latest"]);
      expect(Meta.Index).to.equal(indexes[1]);
    },
  },
  {
    name: "export --latest",
    async show({ place, json }) {
      const keys = await json<object[]>(["export", place, "--latest", "--prefix", "app/"]);
      expect(keys).to.deep.equal([{ key: "app/a", flags: 0, value: "Mg==" }]);
    },
  },
  {
    name: "get --latest",
    async show({ place, run, json }) {
      expect((await run(["get", place, "app/a", "--latest"])).out).to.equal("2");
      expect(await json<object>(["get", place, "app/a", "--latest"])).to.include({ found: true, value: "2" });
      await run(["get", place, "nowhere", "--latest"], 1);
    },
  },
  {
    name: "diff, of archives and with the current state",
    async show({ place, json, run }, consul) {
      interface Differences {
        differences: object[];
      }
      const { archives } = await json<Listed>(["list", place]);
      const [old = "", later = ""] = archives.map(({ location }) => location);
      const { differences } = await json<Differences>(["diff", old, later, "--type", "KVS"], 1);
      expect(differences).to.deep.equal([{ type: "KVS", change: "changed", key: "app/a" }]);
      await run(["diff", place, "live", "--latest", "--type", "KVS"]);
      await consul.api("/v1/kv/app/b", { method: "PUT", body: "1" });
      const live = await json<Differences>(["diff", place, "live", "--latest", "--type", "KVS"], 1);
      expect(live.differences).to.deep.equal([{ type: "KVS", change: "added", key: "app/b" }]);
      await consul.api("/v1/kv/app/b", { method: "DELETE" });
    },
  },
  {
    name: "copy --latest",
    async show({ place, at, json, form, indexes }) {
      const args = ["copy", place, at("copies/"), "--latest", ...(form === "encrypted" ? ["--decrypt"] : [])];
      expect((await json<{ encrypted: boolean }>(args)).encrypted).to.equal(false);
      const { archives } = await json<Listed>(["list", at("copies/")]);
      expect(archives.map(({ index }) => index)).to.deep.equal([indexes[1]]);
    },
  },
  {
    name: "adopt",
    async show({ at, file, json, run, form }) {
      const name = at(`adopted/consul-1795469451610000000.snap${form === "encrypted" ? ".age" : ""}`);
      await write(name, await readFile(file(form)));
      const adopted = await json<{ archives: { adopted: boolean }[] }>(["adopt", name, "--series", "former"]);
      expect(adopted.archives.map((each) => each.adopted)).to.deep.equal([true]);
      await run(["adopt", name, "--series", "former"], 2);
      await run(["verify", at("adopted/")]);
      const { archives } = await json<Listed>(["list", at("adopted/")]);
      expect(archives.map(({ series }) => series)).to.deep.equal(["former"]);
    },
  },
  {
    name: "restore --plan --latest",
    async show({ place, file, form }, consul) {
      const identity = form === "encrypted" ? ["--identity", file("key")] : [];
      const args = ["restore", place, "--latest", "--plan", "--format", "json", ...identity];
      const { code, out, err } = await command(args, { env: { CONSUL_HTTP_ADDR: consul.address } });
      expect(code, err).to.equal(0);
      expect(JSON.parse(out)).to.include({ wouldRestore: true });
    },
  },
  {
    name: "prune",
    async show({ place, json, run, indexes }) {
      const { kept, removed } = await json<{ kept: { reasons: string[] }[]; removed: object[] }>([
        ...["prune", place, "--series", "shop", "--keep-last", "1"],
      ]);
      expect(removed).to.deep.equal([]);
      expect(kept.map(({ reasons }) => reasons)).to.deep.equal([
        ["the newest", "last 1"],
        ["written less than ten minutes before the newest"],
      ]);
      await run(["prune", place, "--series", "another", "--keep-last", "1"], 1);
      const { archives } = await json<Listed>(["list", place]);
      expect(archives.map(({ index }) => index)).to.deep.equal(indexes);
    },
  },
];

/** Whoever may not look does not know. */
const LOOKING = (place: string): readonly (readonly string[])[] => [
  ["list", place],
  ["status", place, "--max-age", "1h"],
  ["verify", place],
  ["inspect", place, "--latest"],
  ["get", place, "app/a", "--latest"],
  ["copy", place, "./x/", "--latest"],
  ["diff", place, place, "--latest"],
  ["prune", place, "--series", "shop", "--keep-last", "1"],
];

for (const kind of STORES) {
  describe(`every command over ${kind.name}`, function () {
    this.timeout(120_000);
    const ground = new Ground(kind);
    let consul: ConsulServer;
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let recipient: string;
    const setEnvironment = (env: Readonly<Record<string, string>> = {}): void =>
      ground.setEnvironment({ ...env, CONSUL_HTTP_ADDR: consul.address });
    before(async () => {
      [consul, folder] = await Promise.all([startConsul(), temporaryFolder(), ground.start()]);
      setEnvironment(ground.server.env);
      const keys = await keyPair();
      recipient = keys.recipient;
      await writeFile(join(folder.path, "key"), `${keys.identity}\n`);
      const archive = Buffer.from(await (await consul.fetch("/v1/snapshot")).arrayBuffer());
      await writeFile(join(folder.path, "plain"), archive);
      await writeFile(join(folder.path, "encrypted"), await collect(encrypt(chunks(archive), [recipient])));
    });
    after(async () => {
      await Promise.all([consul.stop(), ground.stop(), folder.remove()]);
    });

    async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
      await Promise.resolve();
      yield bytes;
    }

    async function run(form: Form, args: readonly string[], code: number): Promise<Ran> {
      const reads = !["save", "list", "prune"].includes(args[0] ?? "");
      const identity = form === "encrypted" && reads ? ["--identity", join(folder.path, "key")] : [];
      const ran = await runHere([...args, ...identity]);
      expect(ran.code, `${args.join(" ")}: ${ran.err}`).to.equal(code);
      return ran;
    }

    for (const form of FORMS) {
      const at = (name: string): string => ground.server.url(`${form}/${name}`);
      const indexes: number[] = [];
      const cell = (): Cell => ({
        form,
        place: at("shop/"),
        at,
        indexes,
        run: (args, code = 0) => run(form, args, code),
        json: async <T>(args: readonly string[], code = 0) =>
          JSON.parse((await run(form, [...args, "--format", "json"], code)).out) as T,
        file: (name) => join(folder.path, name),
        encrypting: form === "encrypted" ? ["--recipient", recipient] : [],
      });
      for (const { name, show } of ROWS) it(`${name}, ${form}`, () => show(cell(), consul));
    }

    const removing = "prune removes what is older than ten minutes";
    if (kind !== STORES[0])
      notApplicable(removing, "its objects cannot be made older; the stores' contract shows removals");
    else {
      it(removing, async () => {
        const place = ground.server.url("plain/shop/");
        const archives = async (): Promise<string[]> => (await names(place)).filter((name) => name.endsWith(".snap"));
        const [oldest = "", newest = ""] = await archives();
        const hourAgo = new Date(Date.now() - 3_600_000);
        await utimes(join(place, oldest), hourAgo, hourAgo);
        await run("plain", ["prune", place, "--series", "shop", "--keep-last", "1"], 0);
        expect(await archives()).to.deep.equal([newest]);
      });
    }

    ground.test("missing bucket", "2 for a bucket that does not exist", async () => {
      for (const args of LOOKING(ground.server.url("shop/", "nobucket"))) {
        const { err } = await run("plain", args, 2);
        expect(err, args.join(" ")).to.include("(STORE_NOT_FOUND)");
      }
    });

    ground.test("wrong credentials", "2 for a bucket that denies", async () => {
      setEnvironment(ground.server.wrongCredentials);
      try {
        for (const args of LOOKING(ground.server.url("plain/shop/"))) {
          const { err } = await run("plain", args, 2);
          expect(err, args.join(" ")).to.include("(STORE_DENIED)");
        }
      } finally {
        setEnvironment(ground.server.env);
      }
    });
  });
}
