import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { archiveOf } from "../fixtures/archive";
import { consulArchive } from "../fixtures/consulArchives";
import { stateOf, type StateRecord } from "../fixtures/state";
import { type ConsulServer, consulBinary, startConsul } from "../support/consul/consul";
import { documentedKeys, keysOf } from "../support/documentedJson";
import { command } from "../support/programs/command";

const run = promisify(execFile);

type Objects = Readonly<Record<string, unknown>>[];

function key(name: string, value: string | Buffer, flags: number | bigint = 0): StateRecord {
  return { type: 2, value: { CreateIndex: 5, Flags: flags, Key: name, LockIndex: 0, ModifyIndex: 5, Value: value } };
}

/** Keys as users have them, and as they should not. */
const KEYS = [
  key("app/", ""),
  key("app/binary", Buffer.from([0, 0xff, 0x80, 10, 13])),
  key("app/flags", "1", 2n ** 64n - 1n),
  key('app/größe "quoted" <&>', "ä"),
  key("app/large", Buffer.alloc(300_000, "0123456789")),
  key("other/key", "not under app/"),
];

describe("what is read out of an archive, given back to a real Consul", function () {
  this.timeout(180_000);
  let folder: string;
  let consul: ConsulServer;
  const path = (name: string): string => join(folder, name);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "contents-test-"));
    consul = await startConsul({ binary: "consul-1.14", acl: true });
    await writeFile(path("keys.snap"), archiveOf(stateOf(KEYS)));
    await writeFile(path("filled.snap"), consulArchive("consul-1.14.11-filled"));
  });
  after(async () => {
    await consul.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function consulCommand(server: ConsulServer, ...args: string[]): Promise<string> {
    const env = { ...process.env, CONSUL_HTTP_ADDR: server.url, CONSUL_HTTP_TOKEN: server.token ?? "" };
    const { stdout } = await run(consulBinary("consul-1.14"), args, { env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  }

  async function exported(archive: string, ...args: string[]): Promise<Objects> {
    const { code, out, err } = await command(["export", archive, ...args]);
    expect({ code, err }).to.deep.equal({ code: 0, err: "" });
    return JSON.parse(out) as Objects;
  }

  async function saved(server: ConsulServer, name: string): Promise<string> {
    await consulCommand(server, "snapshot", "save", path(name));
    return path(name);
  }

  it("keys go through consul kv import, and come back equal", async () => {
    const file = path("app.json");
    expect(await command(["export", path("keys.snap"), "--prefix", "app/", "--output", file])).to.deep.include({
      code: 0,
      out: "",
    });
    await consulCommand(consul, "kv", "import", `@${file}`);
    const mine = JSON.parse(await readFile(file, "utf8")) as unknown;
    expect(JSON.parse(await consulCommand(consul, "kv", "export"))).to.deep.equal(mine);
    // JSON.parse rounds numbers beyond 2^53.
    expect(await readFile(file, "utf8")).to.include('"flags": 18446744073709551615');
    const args = ["diff", path("keys.snap"), await saved(consul, "imported.snap"), "--type", "KVS", "--ignore-indexes"];
    const { out } = await command(args);
    expect(out)
      .to.include("- other/key")
      .and.to.match(/KVS +0 +1 +0 +5\n/);
  });

  it("policies, prepared queries, configuration entries and intentions are taken by the API as they are", async () => {
    const put = (url: string, body: unknown, method = "PUT") => consul.api(url, { method, body });
    const types = ["acl-policies", "prepared-queries", "config-entries", "intentions"];
    const known = new Map<string, Objects>();
    for (const type of types) known.set(type, await exported(path("filled.snap"), "--type", type));
    const from = (type: string): Objects => known.get(type) ?? [];
    for (const policy of from("acl-policies")) await put("/v1/acl/policy", policy);
    for (const query of from("prepared-queries")) await put("/v1/query", query, "POST");
    // What others refer to comes first.
    const first = ["proxy-defaults", "service-defaults", "service-resolver"];
    const order = (entry: Objects[number]): number => (first.indexOf(String(entry["Kind"])) + 4) % 4;
    const entries = [...from("config-entries")].sort((one, other) => order(one) - order(other));
    const isIntentions = (entry: Objects[number]): boolean => entry["Kind"] === "service-intentions";
    for (const entry of entries.filter((each) => !isIntentions(each))) {
      await put("/v1/config", entry);
    }
    for (const intention of from("intentions")) {
      // An intention of a peer belongs to the configuration entry of its service.
      if ("SourcePeer" in intention) continue;
      const query = new URLSearchParams({
        source: String(intention["SourceName"]),
        destination: String(intention["DestinationName"]),
      });
      await put(`/v1/connect/intentions/exact?${query.toString()}`, intention);
    }
    const written = await exported(await saved(consul, "intentions.snap"), "--type", "intentions");
    const isOfPeer = (intention: Objects[number]): boolean => "SourcePeer" in intention;
    const ofPeers = from("intentions").filter(isOfPeer);
    expect(ofPeers).to.have.length(1);
    expect(written).to.have.deep.members(from("intentions").filter((each) => !isOfPeer(each)));

    for (const entry of entries.filter(isIntentions)) {
      await writeFile(path("entry.json"), JSON.stringify(entry));
      await consulCommand(consul, "config", "write", path("entry.json"));
    }
    const after = await saved(consul, "written.snap");
    for (const type of types) {
      expect(await exported(after, "--type", type), type).to.have.deep.members(from(type));
    }
  });

  it("a value is printed byte for byte, and a key that is not there is said", async () => {
    const file = path("value");
    expect((await command(["get", path("keys.snap"), "app/binary", "--output", file])).code).to.equal(0);
    expect(await readFile(file)).to.deep.equal(Buffer.from([0, 0xff, 0x80, 10, 13]));
    expect(await command(["get", path("keys.snap"), "app/"])).to.deep.equal({ code: 0, out: "", err: "" });
    const none = await command(["get", path("keys.snap"), "app"]);
    expect(none).to.deep.include({ code: 1, out: "" });
    expect(none.err).to.match(/^there is no key "app" in .*\nAll keys: consul-snapshot export .*\n$/);
  });

  it("the data directory of a dead server becomes an archive that consul snapshot restore takes", async () => {
    const dead = await startConsul({ binary: "consul-1.14" });
    const another = await startConsul({ binary: "consul-1.14" });
    try {
      // A restore leaves a snapshot of Raft on the disk.
      await consulCommand(dead, "snapshot", "restore", path("filled.snap"));
      await dead.kill();
      const packed = await command(["pack", dead.dataDir, path("packed.snap"), "--format", "json"]);
      expect(packed.code, packed.err).to.equal(0);
      expect((JSON.parse(packed.out) as { location: string }).location).to.equal(path("packed.snap"));
      expect(keysOf(JSON.parse(packed.out))).to.deep.equal(documentedKeys("pack"));
      expect(await command(["diff", path("filled.snap"), path("packed.snap")])).to.deep.include({
        code: 0,
        out: "They are the same.\n",
      });
      expect((await command(["verify", path("packed.snap"), "--consul-version", "1.14.11"])).code).to.equal(0);
      await consulCommand(another, "snapshot", "restore", path("packed.snap"));
      const env = { CONSUL_HTTP_ADDR: another.url };
      expect((await command(["diff", path("packed.snap"), "live"], { env })).code).to.equal(0);
    } finally {
      await Promise.all([dead.stop(), another.stop()]);
    }
  });
});
