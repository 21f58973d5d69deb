import { once } from "node:events";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { isCode } from "../../provider/errors";
import { openStore } from "../../provider/store/backends";
import type { StoreCredentials } from "../../provider/store/credentials";
import { parseLocation } from "../../provider/store/location";
import { type ConsulServer, fill, inspect, startConsul } from "../support/consul/consul";
import { makeOld } from "../support/archives/prunedArchives";
import { keyPair } from "../support/archives/ageKeys";
import { documentedKeys, keysOf } from "../support/documentedJson";
import { command } from "../support/programs/command";
import { temporaryFolder } from "../support/programs/saving";
import { azurite } from "../support/stores/azure";
import { fakeGcs } from "../support/stores/gcs";
import { versitygw } from "../support/stores/s3";
import type { StoreServer } from "../support/stores/stores";
import { configFile, runToEnd, startAgent } from "./running";

const SAVED = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[INFO\] Saved snapshot: id=(\d{19})/;

describe("one snapshot by the agent", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    consul = await startConsul();
    await fill(consul);
  });
  after(() => consul.stop());
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());
  const path = (name: string): string => join(folder.path, name);
  const snapshots = async (name: string): Promise<string[]> =>
    (await readdir(path(name))).filter((each) => each.endsWith(".snap")).sort();

  it("has the name and the log line of HashiCorp's agent, a manifest, and retains as many as it should", async () => {
    const args = ["-interval=0", `-http-addr=${consul.address}`, `-local-path=${path("b")}`, "-retain=2"];
    const ids: string[] = [];
    for (let run = 0; run < 3; run++) {
      // Archives of the last ten minutes stay.
      if (run > 0) await makeOld(path("b"));
      const { code, lines } = await runToEnd(args);
      expect(code).to.equal(0);
      expect(lines).to.have.lengthOf(1);
      ids.push(SAVED.exec(lines[0]!)?.[1] ?? "");
    }
    const names = await snapshots("b");
    expect(names).to.deep.equal(ids.slice(1).map((id) => `consul-${id}.snap`));
    for (const name of names) {
      const { Meta } = await inspect(path(`b/${name}`));
      const manifest = JSON.parse(await readFile(path(`b/${name}.manifest.json`), "utf8")) as { snapshotId: string };
      expect(manifest.snapshotId).to.equal(Meta.ID);
    }
  });

  it("goes to 20 destinations without a warning of Node.js", async () => {
    const local_storage = Array.from({ length: 20 }, (_, at) => ({ name: `number-${at}`, path: path(`${at}`) }));
    const config = { http_addr: consul.address, snapshot: { interval: "0" }, backup_destinations: { local_storage } };
    const { code, out, err } = await command(["agent", "-config-file", await configFile(folder.path, config)]);
    expect(code, out).to.equal(0);
    expect(err).to.equal("");
    for (let at = 0; at < 20; at++) expect(await snapshots(`${at}`)).to.have.lengthOf(1);
  });

  it("leaves the archive of another run that may still be reporting it", async () => {
    const args = ["-interval=0", `-http-addr=${consul.address}`, `-local-path=${path("b")}`, "-retain=1"];
    for (let run = 0; run < 2; run++) expect((await runToEnd(args)).code).to.equal(0);
    const [older = "", newer = ""] = await snapshots("b");
    expect(newer).to.not.equal("");
    await makeOld(path("b"));
    expect((await runToEnd(args)).code).to.equal(0);
    const left = await snapshots("b");
    expect(left).to.have.length(1).and.not.include.members([older, newer]);
  });

  it("counts the archives of the former agent where the name fits exactly, and leaves all others", async () => {
    const args = ["-interval=0", `-http-addr=${consul.address}`, `-local-path=${path("b")}`];
    await runToEnd([...args, "-retain=0"]);
    const [archive = ""] = await snapshots("b");
    for (const at of [1, 2, 3]) await copyFile(path(`b/${archive}`), path(`b/consul-161307939966174173${at}.snap`));
    await writeFile(path("b/consul-before-upgrade.snap"), "by hand");
    expect((await runToEnd([...args, "-retain=3"])).code).to.equal(0);
    const names = await snapshots("b");
    expect(names).to.have.lengthOf(4);
    expect(names).to.include.members([archive, "consul-1613079399661741733.snap", "consul-before-upgrade.snap"]);
  });

  it("removes no more than two archives of the former agent, and says how many are left for later runs", async () => {
    const args = ["-interval=0", `-http-addr=${consul.address}`, `-local-path=${path("b")}`, "-retain=1"];
    await mkdir(path("b"));
    for (const at of [1, 2, 3, 4]) await writeFile(path(`b/consul-161307939966174173${at}.snap`), "by its name only");
    const first = await runToEnd(args);
    expect(first.lines.join("\n")).to.include(
      "removed 2 archives of the former agent, and left 2 for later runs: only",
    );
    expect(await snapshots("b"))
      .to.have.lengthOf(3)
      .and.include.members(["consul-1613079399661741733.snap", "consul-1613079399661741734.snap"]);
    await makeOld(path("b"));
    const second = await runToEnd(args);
    expect(second.lines).to.have.lengthOf(1);
    expect(await snapshots("b")).to.have.lengthOf(1);
  });

  it("encrypts for a destination that asks for it, and only for that one", async () => {
    const { recipient } = await keyPair();
    const file = await configFile(folder.path, {
      http_addr: consul.address,
      snapshot: { interval: "0" },
      backup_destinations: {
        local_storage: [{ path: path("plain") }, { path: path("secret"), recipients: [recipient] }],
      },
    });
    const { code, lines } = await runToEnd(["-config-file", file]);
    expect(code).to.equal(0);
    const [id] = lines.map((line) => SAVED.exec(line)?.[1]);
    expect(await snapshots("plain")).to.deep.equal([`consul-${id}.snap`]);
    expect(await readdir(path("secret"))).to.include(`consul-${id}.snap.age`);
    await inspect(path(`plain/consul-${id}.snap`));
    expect((await readFile(path(`secret/consul-${id}.snap.age`))).subarray(0, 21).toString()).to.equal(
      "age-encryption.org/v1",
    );
  });

  it("refuses recipients that are none before it does anything, with -check-config as well", async () => {
    for (const [recipients, problem] of [
      [["age1typo"], "recipients of secret: recipient 1 of 1 is not an age recipient"],
      [[], "recipients of secret: encryption names no recipient"],
    ] as const) {
      const file = await configFile(folder.path, {
        http_addr: consul.address,
        snapshot: { interval: "0" },
        backup_destinations: { local_storage: [{ name: "secret", path: path("secret"), recipients }] },
      });
      for (const args of [
        ["-config-file", file],
        ["-config-file", file, "-check-config"],
      ]) {
        const failure: unknown = await runToEnd(args).catch((error: unknown) => error);
        expect(isCode(failure, "ARGUMENT_INVALID") && failure.message).to.include(problem);
      }
    }
    expect(await readdir(folder.path)).to.deep.equal(["agent.json"]);
  });

  it("saves to the others when a destination fails, and exits with 1; nothing half is left", async () => {
    await writeFile(path("blocked"), "a file, not a folder");
    const file = await configFile(folder.path, {
      http_addr: consul.address,
      snapshot: { interval: "0" },
      backup_destinations: { local_storage: [{ path: path("blocked/x") }, { path: path("good") }] },
    });
    const { code, lines } = await runToEnd(["-config-file", file]);
    expect(code).to.equal(1);
    expect(await snapshots("good")).to.have.lengthOf(1);
    expect(lines.join("\n")).to.match(/\[ERROR\] the snapshot could not be saved: .*destination=\S*blocked/);
  });

  it("does not let a destination that never answers hold up another, and ends at once when it is stopped", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const reached = once(silent, "connection") as Promise<[Socket]>;
    try {
      const { port } = silent.address() as AddressInfo;
      const bucket = { s3_bucket: "bucket", s3_region: "us-east-1", s3_endpoint: `http://127.0.0.1:${port}` };
      const file = await configFile(folder.path, {
        http_addr: consul.address,
        snapshot: { interval: "0" },
        backup_destinations: {
          aws_storage: [{ ...bucket, access_key_id: "key", secret_access_key: "secret", s3_force_path_style: true }],
          local_storage: [{ path: path("good") }],
        },
      });
      const agent = startAgent(["-config-file", file]);
      await Promise.all([agent.line(SAVED), reached]);
      expect(await snapshots("good")).to.have.lengthOf(1);
      agent.stop();
      expect(await agent.ended).to.equal(1);
      expect(agent.lines.filter((line) => SAVED.test(line))).to.have.lengthOf(1);
      expect(await snapshots("good")).to.have.lengthOf(1);
    } finally {
      silent.close();
      (await reached)[0].destroy();
    }
  });

  it("exits with 1 when Consul gives no snapshot, with a sentence and without a stack", async () => {
    const local = `-local-path=${path("b")}`;
    const { code, lines } = await runToEnd([
      "-interval=0",
      `-http-addr=${consul.address}`,
      local,
      "-datacenter=nowhere",
    ]);
    expect(code).to.equal(1);
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.include("[ERROR] no snapshot could be taken: ").and.include("nowhere");
    expect(await readdir(folder.path)).to.deep.equal([]);
  });

  it("says with -check-config what would happen, and writes nothing", async () => {
    const file = await configFile(folder.path, {
      http_addr: consul.address,
      license_path: "/x",
      snapshot: { schedule: "0 3 * * *", time_zone: "Europe/Berlin" },
      local_storage: { path: path("new") },
    });
    const { code, lines } = await runToEnd(["-config-file", file, "-check-config"]);
    expect(lines.join("\n")).to.match(
      /answers, and has a leader; whether the token may take snapshots, .* is not tried$/m,
    );
    expect(lines.join("\n")).to.match(
      /0 3 \* \* \* \(Europe\/Berlin\), by one elected agent; next at \d{4}-\S+; a destination without a restorable archive gets one at once$/m,
    );
    expect(lines.join("\n")).to.include("keeps: retain 30").and.include("license_path has no effect");
    expect(code).to.equal(0);
    expect(await readdir(folder.path)).to.deep.equal(["agent.json"]);
    const down = await runToEnd(["-config-file", file, "-check-config", "-http-addr=127.0.0.1:1"]);
    expect(down.code).to.equal(1);
    const json = await runToEnd(["-config-file", file, "-check-config", "-format", "json"]);
    const checked = JSON.parse(json.lines.join("\n")) as { ok: boolean; destinations: { keeps: string }[] };
    expect({ ok: checked.ok, code: json.code }).to.deep.equal({ ok: true, code: 0 });
    expect(checked.destinations.map(({ keeps }) => keeps)).to.deep.equal(["retain 30"]);
    expect(keysOf(checked)).to.deep.equal(documentedKeys("agent -check-config"));
  });

  it("fails with -check-config where the agent would refuse to run, and writes nothing", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const used = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await writeFile(path("file"), "");
    const check = async (snapshot: object, own: object): Promise<string> => {
      const file = await configFile(folder.path, {
        http_addr: consul.address,
        snapshot,
        local_storage: { path: path("new") },
        ...own,
      });
      const { code, lines } = await runToEnd(["-config-file", file, "-check-config"]);
      return `${code}\n${lines.join("\n")}`;
    };
    try {
      for (const [snapshot, own, expected] of [
        [{}, { datacenter: "dc9" }, /^1\n[^]*^Datacenter: datacenter is dc9, and the local agent is in dc1/m],
        [{ interval: "0" }, { datacenter: "dc9" }, /^1\n(?![^]*^Datacenter:)/m],
        [{}, { datacenter: "dc1" }, /^0\n(?![^]*^Datacenter:)/m],
        [{ local_scratch_path: path("gone") }, {}, /^1\n[^]*^Temporary files: .*gone cannot be used: ENOENT/m],
        [{ local_scratch_path: folder.path }, {}, /^0\n/],
        [{}, { http: { address: "192.0.2.1:80" } }, /^1\n[^]*^HTTP: http\.address 192\.0\.2\.1:80 cannot be used/m],
        [{}, { http: { address: `unix://${path("file")}` } }, /^1\n[^]*^HTTP: http\.address unix:.*EADDRINUSE/m],
        [{ interval: "0" }, { http: { address: "192.0.2.1:80" } }, /^0\n/],
        [{}, { http: { address: used } }, /^0\n[^]*^HTTP: .* is in use, as by an agent that runs$/m],
        [{}, { http: { address: `unix://${path("socket")}` } }, /^0\n[^]*^HTTP: unix:.*socket can be listened at$/m],
        [{}, { http: { address: "127.0.0.1:0" } }, /^0\n/],
      ] as const) {
        expect(await check(snapshot, own)).to.match(expected);
      }
      expect(await readdir(folder.path)).to.have.members(["agent.json", "file"]);
    } finally {
      server.close();
    }
  });

  it("leaves the socket of an agent that runs with -check-config", async () => {
    const server = createServer().listen(path("socket"));
    await once(server, "listening");
    try {
      const file = await configFile(folder.path, {
        http_addr: consul.address,
        http: { address: `unix://${path("socket")}` },
        local_storage: { path: path("new") },
      });
      const { code, lines } = await runToEnd(["-config-file", file, "-check-config"]);
      expect(lines.join("\n")).to.include("is in use, as by an agent that runs");
      expect(code).to.equal(0);
      expect(await readdir(folder.path)).to.have.members(["agent.json", "socket"]);
    } finally {
      server.close();
    }
  });

  it("is a command: it takes Go's flags, and its examples work", async () => {
    const env = { CONSUL_HTTP_ADDR: consul.address };
    const saved = await command(["agent", "-interval=0", "-local-path=./backups"], { env, cwd: folder.path });
    expect(saved).to.deep.include({ code: 0, err: "" });
    expect(saved.out).to.match(SAVED);
    expect(await snapshots("backups")).to.have.lengthOf(1);
    const wrong = await command(["agent", "-intervall=0"], { cwd: folder.path });
    expect(wrong.err).to.include("unknown flag -intervall").and.include("Did you mean -interval?");
    expect(wrong.code).to.not.equal(0);
  });

  describe("to three clouds, with credentials of each destination", () => {
    const servers: StoreServer[] = [];
    const environment = { ...process.env };
    before(async () => {
      for (const kind of [versitygw, fakeGcs, azurite]) servers.push(await kind.start());
    });
    after(async () => {
      for (const name of Object.keys(process.env))
        if (!(name in environment)) Reflect.deleteProperty(process.env, name);
      await Promise.all(servers.map((server) => server.stop()));
    });

    it("has the same archive everywhere, in the form before 1.19 and in the present one", async () => {
      const [s3, gcs, azure] = servers;
      process.env.AZURE_STORAGE_DOMAIN = `127.0.0.1:${azure!.port}`;
      process.env.AZURE_STORAGE_PROTOCOL = "http";
      const aws = {
        access_key_id: s3!.env.AWS_ACCESS_KEY_ID,
        secret_access_key: s3!.env.AWS_SECRET_ACCESS_KEY,
        s3_bucket: "bucket",
        s3_region: "us-east-1",
        s3_endpoint: `http://127.0.0.1:${s3!.port}`,
        s3_force_path_style: true,
      };
      const blob = {
        account_name: azure!.env.AZURE_STORAGE_ACCOUNT,
        account_key: azure!.env.AZURE_STORAGE_KEY,
        container_name: "bucket",
      };
      const google = { bucket: "bucket", endpoint: `http://127.0.0.1:${gcs!.port}` };
      const common = { http_addr: consul.address, snapshot: { interval: "0" } };
      const former = { ...common, aws_storage: aws, azure_blob_storage: blob, google_storage: google };
      const present = {
        ...common,
        backup_destinations: { aws_storage: [aws], azure_blob_storage: [blob], google_storage: [google] },
      };
      for (const config of [former, present]) {
        const { code, lines } = await runToEnd(["-config-file", await configFile(folder.path, config)]);
        expect(lines.filter((line) => !SAVED.test(line))).to.deep.equal([]);
        expect(code).to.equal(0);
        const ids = new Set(lines.map((line) => SAVED.exec(line)?.[1]));
        expect(ids.size).to.equal(1);
        const [id] = ids;
        const name = `consul-${id}.snap`;
        const places: readonly (readonly [string, StoreCredentials])[] = [
          [
            `s3://bucket/consul-snapshot/${name}?region=us-east-1&use_path_style=true&endpoint=${aws.s3_endpoint}`,
            { aws: { accessKeyId: aws.access_key_id!, secretAccessKey: aws.secret_access_key! } },
          ],
          [`gs://bucket/${name}?endpoint=${google.endpoint}`, {}],
          [
            `azblob://bucket/${name}?storage_account=${blob.account_name}`,
            { azure: { accountKey: blob.account_key! } },
          ],
        ];
        for (const [at, [url, credentials]] of places.entries()) {
          const location = parseLocation(url);
          const store = await openStore(location, { credentials });
          const parts: Uint8Array[] = [];
          for await (const part of store.read(location.key)) parts.push(part);
          expect(await store.head(`${location.key}.manifest.json`)).to.not.equal(undefined);
          store.close();
          await writeFile(path(`${at}.snap`), Buffer.concat(parts));
          await inspect(path(`${at}.snap`));
        }
      }
    });

    it("fails with wrong credentials, and shows none of them", async () => {
      const aws = {
        access_key_id: "AKIAWRONGWRONG",
        secret_access_key: "wrong-secret-of-the-test",
        s3_bucket: "bucket",
        s3_region: "us-east-1",
        s3_endpoint: `http://127.0.0.1:${servers[0]!.port}`,
        s3_force_path_style: true,
      };
      const file = await configFile(folder.path, {
        http_addr: consul.address,
        snapshot: { interval: "0" },
        aws_storage: aws,
      });
      for (const args of [[], ["-check-config"]]) {
        const { code, lines } = await runToEnd(["-config-file", file, "-log-level=trace", ...args]);
        expect(code).to.equal(1);
        expect(lines.join("\n"))
          .to.match(/STORE_DENIED/)
          .and.include("Check access_key_id, secret_access_key, ")
          .and.not.include("profile=")
          .and.not.include("wrong-secret");
      }
    });
  });

  it("is refused with invalid files before anything happens", async () => {
    const failure = await runToEnd(["-config-file", path("absent.json")]).catch((error: unknown) => error);
    expect(isCode(failure, "ARGUMENT_INVALID")).to.equal(true);
  });
});
