import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { DONE, NOTHING_DONE, type RestoreOptions, UNSETTLED } from "../../../cli/restore/restore";
import { command, type Ended } from "../../support/programs/command";
import { type ConsulServer, fill, inspect, startConsul, until } from "../../support/consul/consul";
import { saveTo, temporaryFolder } from "../../support/programs/saving";
import { restoreAtTerminal, type TerminalRun, type Watch, whenAsked } from "../../support/programs/terminalRestore";
import { consulProxy } from "../../support/faults/consulProxy";
import { federated } from "../../support/consul/federated";

describe("the command restore", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let other: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let archive: string;
  let said: string;
  const path = (name: string): string => join(folder.path, name);
  const connectionOf = ({ address, token = "" }: ConsulServer) => ({ address, token });

  before(async () => {
    [consul, other] = await Promise.all([startConsul({ acl: true }), startConsul({ acl: true, datacenter: "dc2" })]);
    await fill(consul);
    await federated(consul, 1);
  });
  after(() => Promise.all([consul.stop(), other.stop()]));
  beforeEach(async () => {
    said = "";
    folder = await temporaryFolder();
    await set("as it was");
    archive = (await saveTo(`${folder.path}/`, connectionOf(consul))).saved.manifest.location;
    await set("changed");
  });
  afterEach(async () => {
    for (const { token = "none" } of [consul, other]) expect(said).to.not.include(token);
    expect(said).to.not.match(/\n {4}at /);
    await folder.remove();
  });

  const set = (value: string) => consul.api("/v1/kv/fill/0/1", { method: "PUT", body: value });
  const isChanged = async () => (await consul.api("/v1/kv/fill/0/1?raw")) === "changed";
  const envOf = ({ address, token }: ConsulServer) => ({ CONSUL_HTTP_ADDR: address, CONSUL_HTTP_TOKEN: token });

  async function run(args: readonly string[], to = consul): Promise<Ended> {
    const safety = args.includes("--safety-snapshot") ? [] : ["--safety-snapshot", path("safety/")];
    const ended = await command(["restore", archive, ...safety, ...args], { env: envOf(to) });
    said += ended.out + ended.err;
    return ended;
  }

  /** In this process, at a terminal. */
  async function atTerminal(options: Partial<RestoreOptions>, watch: Watch): Promise<TerminalRun> {
    await writeFile(path("token"), consul.token ?? "");
    const connection = { httpAddr: consul.address, tokenFile: path("token") };
    const run = await restoreAtTerminal(archive, { ...connection, safetySnapshot: path("safety/"), ...options }, watch);
    said += run.out + run.err;
    return run;
  }

  it("says with --plan what would happen, and changes nothing", async () => {
    const before = await consul.api("/v1/kv/?recurse");
    const { code, out } = await run(["--plan"]);
    expect(code).to.equal(DONE);
    const { Index } = (await inspect(archive)).Meta;
    expect(out).to.include(`Archive ${archive}`).and.include(`Cluster http://${consul.address}`);
    expect(out)
      .to.match(new RegExp(`index +${Index}\n`))
      .and.match(/datacenter +dc1\n +Consul +1\.14\.11/);
    expect(out)
      .to.match(/KVS +20 +20\n/)
      .and.match(/ok +the one server is healthy/);
    expect(out).to.include("It would be restored").and.not.include("REFUSED");
    expect(await consul.api("/v1/kv/?recurse")).to.deep.equal(before);
    expect(await folder.entries()).to.not.include("safety");
  });

  it("prints with --plan the command that restores this cluster, and refuses another one", async () => {
    const plan = await run(["--plan", "--run-id", "planned"]);
    const [, line = ""] = /^To restore this cluster, and no other:\n {2}consul-snapshot (.*)\n/m.exec(plan.out) ?? [];
    const { Servers } = (await consul.api("/v1/operator/raft/configuration")) as { Servers: { ID: string }[] };
    expect(line).to.equal(
      `restore ${archive} --safety-snapshot ${path("safety/")} --cluster ${Servers[0]?.ID} --run-id planned`,
    );
    // The address has moved to another cluster since then, and all guards that know no plan are overridden.
    const allowed = ["--allow", "otherDatacenter", "--allow", "otherCluster", "--yes"];
    const moved = await command([...line.split(" "), ...allowed], { env: envOf(other) });
    said += moved.out + moved.err;
    expect(moved.code).to.equal(NOTHING_DONE);
    expect(moved.err)
      .to.match(/another cluster answers at .*: it has server \S+, and the restore asks for the cluster of server /)
      .and.include("(guard cluster)")
      .and.include("set --cluster to a server of it");
    const done = await command([...line.split(" "), "--yes"], { env: envOf(consul) });
    said += done.out + done.err;
    expect(done.code).to.equal(DONE);
    expect(await isChanged()).to.equal(false);
    // The run is not read back as that of another cluster.
    const wrong = line.replace(/--cluster \S+/, "--cluster 00000000-0000-4000-8000-000000000000");
    const foreign = await command([...wrong.split(" "), "--yes"], { env: envOf(consul) });
    expect(foreign.code).to.equal(NOTHING_DONE);
    expect(foreign.err).to.include("(guard cluster)");
  });

  it("names with --plan each guard that fails, and what allows it", async () => {
    const refused = await run(["--plan"], other);
    expect(refused.code).to.equal(NOTHING_DONE);
    expect(refused.out)
      .to.match(/REFUSED +the archive is from datacenter dc1, and the cluster at .* is dc2 \(guard otherDatacenter\)/)
      .and.include("--allow otherDatacenter")
      .and.include("Nothing would be restored");
    const allowed = await run(["--plan", "--allow", "otherDatacenter", "--allow", "otherCluster"], other);
    expect(allowed.code).to.equal(DONE);
    expect(allowed.out)
      .to.match(/overridden +the archive is from datacenter dc1/)
      .and.include("It would be restored");
  });

  it("restores with --yes, and a second time not", async () => {
    const first = await run(["--yes", "--run-id", "once"]);
    expect(first).to.include({ code: DONE });
    expect(first.out).to.match(/outcome +exact/);
    const entries = await folder.entries();
    for (const name of ["safety snapshot", "receipt"]) {
      const [, location = ""] = new RegExp(`${name} +(.*)\n`).exec(first.out) ?? [];
      expect(entries.map(path)).to.include(location);
    }
    expect(await isChanged()).to.equal(false);
    await set("changed");
    const second = await run(["--yes", "--run-id", "once"]);
    expect(second.code).to.equal(DONE);
    expect(second.out).to.include("Nothing was restored now");
    expect(await isChanged()).to.equal(true);
    expect((await run(["--plan", "--run-id", "once"])).code).to.equal(NOTHING_DONE);
  });

  it("gives each run an id of its own, and names it", async () => {
    const idOf = ({ out }: Ended): string | undefined => /run id +(cli .*)\n/.exec(out)?.[1];
    const ids = [idOf(await run(["--yes"])), idOf(await run(["--yes"]))];
    expect(new Set(ids)).to.have.lengthOf(2).and.not.include(undefined);
  });

  it("shows a plan's differences under no line of progress", async () => {
    const { code, out, err } = await atTerminal({ plan: true, diff: true }, () => undefined);
    expect({ code }).to.deep.equal({ code: DONE });
    expect(out)
      .to.include("KVS\n")
      .and.match(/^They differ\.$/m);
    expect(err).to.match(/reading [^\r]*\r\u001b\[2K$/);
  });

  it("restores when a person types the datacenter's name", async () => {
    const { code, out, err } = await atTerminal(
      {},
      whenAsked((person) => person.type("dc1")),
    );
    expect({ code }).to.deep.equal({ code: DONE });
    expect(out).to.match(/outcome +exact/);
    expect(err).to.include(`Archive ${archive}`);
    expect(await isChanged()).to.equal(false);
  });

  it("restores nothing when another name is typed", async () => {
    const { code, out, err } = await atTerminal(
      {},
      whenAsked((person) => person.type("dc2")),
    );
    expect({ code, out }).to.deep.equal({ code: NOTHING_DONE, out: "" });
    expect(err).to.include("nothing was restored: that is not dc1 (RESTORE_REFUSED)");
    expect(await isChanged()).to.equal(true);
  });

  it("restores no other archive than the one that was looked at", async () => {
    await consul.api("/v1/kv/other", { method: "PUT", body: "archive" });
    const other = (await saveTo(`${folder.path}/`, connectionOf(consul))).saved.manifest.location;
    const swap = whenAsked((person) => {
      for (const suffix of ["", ".manifest.json"]) copyFileSync(other + suffix, archive + suffix);
      person.type("dc1");
    });
    const { code, err } = await atTerminal({}, swap);
    expect(code).to.equal(NOTHING_DONE);
    expect(err).to.include("(guard source) (RESTORE_REFUSED)");
    expect(await isChanged()).to.equal(true);
  });

  it("restores nothing when it is interrupted at the question", async () => {
    const { code, err } = await atTerminal(
      {},
      whenAsked((person) => person.interrupt()),
    );
    expect(code).to.equal(NOTHING_DONE);
    expect(err).to.include("nothing was restored (INTERRUPTED)");
    expect(await isChanged()).to.equal(true);
  });

  it("does not ask where there is no terminal, nor what would be refused", async () => {
    const silent = await run([]);
    expect(silent).to.include({ code: NOTHING_DONE, out: "" });
    expect(silent.err).to.include("there is no terminal (ARGUMENT_INVALID)").and.include("--yes");
    await writeFile(path("other-token"), other.token ?? "");
    const options = { httpAddr: other.address, tokenFile: path("other-token") };
    const refused = await atTerminal(options, () => undefined);
    expect(refused.code).to.equal(NOTHING_DONE);
    expect(refused.err).to.include("(guard otherCluster) (RESTORE_REFUSED)").and.not.include("Type the name");
    expect(await isChanged()).to.equal(true);
  });

  it("says after an interruption during the restore how to go on, and the same run reads back", async () => {
    const options = { yes: true, runId: "it's cut" };
    const cut = await atTerminal(options, (shown, person) => {
      if (shown.includes("waiting for the cluster to become stable")) person.interrupt();
    });
    expect(cut).to.include({ code: UNSETTLED, out: "" });
    const command = `consul-snapshot restore ${archive} --safety-snapshot ${path("safety/")} --yes`;
    const rest = `--http-addr ${consul.address} --token-file ${path("token")}\n`;
    expect(cut.err).to.include(`${command} --run-id 'it'\\''s cut' ${rest}`);
    expect(cut.err)
      .to.include("after Consul had done it")
      .and.not.match(/run it again/i);
    expect(cut.err).to.include(path("safety/consul-dc1-"));
    const again = await atTerminal(options, () => undefined);
    expect(again.code).to.equal(DONE);
    expect(again.out)
      .to.include("Nothing was restored now")
      .and.match(/outcome +exact/);
    expect(await isChanged()).to.equal(false);
  });

  it("prints for programs the command that reads an unfinished run back, and that command works", async () => {
    const cut = await atTerminal({ yes: true, runId: "cut-json", format: "json" }, (shown, person) => {
      if (shown.includes("waiting for the cluster to become stable")) person.interrupt();
    });
    expect(cut.code).to.equal(UNSETTLED);
    const { error } = JSON.parse(cut.out) as {
      error: { code: string; details: { receipt: string; readBack: string } };
    };
    expect(error.code).to.equal("INTERRUPTED");
    expect(cut.err).to.include(error.details.readBack).and.include(error.details.receipt);
    const [program, ...args] = error.details.readBack.split(" ");
    expect(program).to.equal("consul-snapshot");
    const read = await command(args);
    said += read.out + read.err;
    expect(read.code).to.equal(DONE);
    expect(JSON.parse(read.out)).to.include({ adopted: true, runId: "cut-json" });
  });

  it("says when it is interrupted while the archive is sent that a part of it was, and how to go on", async () => {
    const proxy = await consulProxy(consul.address);
    try {
      const held = proxy.next("held in the middle");
      const options = { yes: true, runId: "held", httpAddr: proxy.address };
      let interrupt = (): void => undefined;
      const ended = atTerminal(options, (_shown, person) => (interrupt = () => person.interrupt()));
      await held;
      // Once is not enough: the answer is waited for, to be recorded.
      interrupt();
      interrupt();
      const cut = await ended;
      expect(cut).to.include({ code: UNSETTLED, out: "" });
      expect(cut.err)
        .to.include("waiting for Consul's answer, to record it")
        .and.match(/of the archive had been sent \(INTERRUPTED\)/)
        .and.include("--run-id held --http-addr");
      expect(proxy.restores()).to.equal(1);
      expect(await isChanged()).to.equal(true);
      expect((await atTerminal(options, () => undefined)).err).to.include("as it was before (RESTORE_UNCONFIRMED)");
      expect(proxy.restores()).to.equal(1);
    } finally {
      await proxy.stop();
    }
  });

  it("has done nothing when it is interrupted before the archive is sent, and the same run restores later", async () => {
    const options = { yes: true, runId: "not yet" };
    const early = await atTerminal(options, (shown, person) => {
      if (shown.includes("restoring: ")) person.interrupt();
    });
    expect(early.code).to.equal(NOTHING_DONE);
    expect(early.err).to.include("nothing was restored (INTERRUPTED)").and.not.include("begun at");
    expect((await folder.entries()).filter((name) => name.endsWith(".receipt.json"))).to.deep.equal([]);
    expect(await isChanged()).to.equal(true);
    expect((await atTerminal(options, () => undefined)).out).to.include("Restored, and read back");
    expect(await isChanged()).to.equal(false);
  });

  it("ends in good order when it is interrupted before", async () => {
    process.kill(consul.pid, "SIGSTOP");
    try {
      const args = ["dist/cli/main.js", "restore", archive, "--safety-snapshot", "none", "--yes"];
      const child = spawn(process.execPath, args, { env: { ...process.env, ...envOf(consul) } });
      child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
      const ended = once(child, "close");
      await until("the command to begin", () => Promise.resolve(said.includes("run id: ") || undefined));
      child.kill("SIGINT");
      expect(await ended).to.deep.equal([NOTHING_DONE, null]);
    } finally {
      process.kill(consul.pid, "SIGCONT");
    }
    expect(said).to.include("nothing was restored (INTERRUPTED)");
    await until("Consul to answer", async () => ((await isChanged()) ? true : undefined));
    expect(await readdir(folder.path)).to.have.lengthOf(2);
  });

  it("tells that the restored cluster does not know the token, and proves it with one that it knows", async () => {
    // Nothing of the configuration brings this token back.
    const { SecretID } = (await other.api("/v1/acl/token", {
      method: "PUT",
      body: { Description: "operator", Policies: [{ Name: "global-management" }] },
    })) as { SecretID: string };
    const env = { CONSUL_HTTP_ADDR: other.address, CONSUL_HTTP_TOKEN: SecretID };
    const args = ["restore", archive, "--safety-snapshot", path("safety/"), "--yes", "--run-id", "bootstrap"];
    const begun = await command([...args, "--allow", "otherDatacenter", "--allow", "otherCluster"], { env });
    expect(begun).to.include({ code: UNSETTLED, out: "" });
    expect(begun.err)
      .to.include("does not know the token")
      .and.include("--yes --allow otherDatacenter --allow otherCluster --run-id bootstrap\n");
    const unknown = await command(args, { env });
    expect(unknown).to.include({ code: UNSETTLED, out: "" });
    expect(unknown.err)
      .to.include("(RESTORE_UNCONFIRMED)")
      .and.include("with --token-after-restore-file.")
      .and.include("--run-id bootstrap\n")
      .and.not.match(/nothing was restored|run it again/i);
    const unknownPlan = await command([...args, "--plan"], { env });
    expect(unknownPlan).to.include({ code: NOTHING_DONE, out: "" });
    expect(unknownPlan.err).to.include("(RESTORE_UNCONFIRMED)");
    await writeFile(path("archives-token"), consul.token ?? "");
    await writeFile(path("old-token"), SecretID);
    const planned = await command([...args, "--plan", "--token-after-restore-file", path("archives-token")], { env });
    expect(planned).to.include({ code: NOTHING_DONE });
    expect(planned.out).to.include("This run was begun already").and.include("its result would be read back");
    const asked = await atTerminal(
      {
        runId: "bootstrap",
        httpAddr: other.address,
        tokenFile: path("old-token"),
        tokenAfterRestoreFile: path("archives-token"),
      },
      () => undefined,
    );
    expect(asked.code).to.equal(DONE);
    expect(asked.err).to.include("This run was begun already").and.not.include("Type the name");
    expect(asked.out).to.include("Nothing was restored now");
    const proved = await command([...args, "--token-after-restore-file", path("archives-token")], { env });
    said += begun.err + unknown.err + planned.out + planned.err + proved.out + proved.err;
    expect(said).to.not.include(SecretID);
    expect(proved).to.include({ code: DONE });
    expect(proved.out)
      .to.include("Nothing was restored now")
      .and.match(/outcome +(exact|drift)/);
    expect(await other.api("/v1/kv/fill/0/1?raw", { token: consul.token ?? null })).to.equal("as it was");
  });

  for (const [name, args, problem] of [
    ["a guard that is none", ["--allow", "otherDatacentre"], /did you mean otherDatacenter\?/],
    ["a time without its zone", ["--valid-until", "2026-11-24"], /2026-11-24 is not a time with its zone/],
    ["a time that has passed", ["--yes", "--valid-until", "2026-01-01T00:00:00Z"], /\(guard expired\)/],
    ["a cluster that is no server's id", ["--cluster", "the one"], /--cluster is not the Raft id of a server/],
    ["a recipient of nothing", ["--safety-snapshot", "none", "--recipient", "age1x"], /--recipient is for a safety/],
    ["one name for every safety snapshot", ["--safety-snapshot", "./one.snap"], /the same for every snapshot/],
    ["a token file that is not there", ["--token-after-restore-file", "nowhere"], /nowhere does not exist/],
  ] as const) {
    it(`refuses ${name}`, async () => {
      const { code, out, err } = await run(args);
      expect({ code, out }).to.deep.equal({ code: NOTHING_DONE, out: "" });
      expect(err).to.match(problem);
      expect(await isChanged()).to.equal(true);
    });
  }

  for (const [name, source, problem] of [
    ["standard input", "-", /It is read twice/],
    ["a folder", "./", /source \.\/ is a folder/],
    ["an archive that is not there", "./nowhere.snap", /STORE_NOT_FOUND/],
  ] as const) {
    it(`refuses ${name} as source`, async () => {
      const { code, out, err } = await command(["restore", source, "--safety-snapshot", "none", "--yes"], {
        env: envOf(consul),
      });
      expect({ code, out }).to.deep.equal({ code: NOTHING_DONE, out: "" });
      expect(err).to.match(problem).and.include("Nothing was restored");
    });
  }

  it("wants to be told where the safety snapshot goes", async () => {
    const { code, err } = await command(["restore", archive, "--yes"], { env: envOf(consul) });
    expect(code).to.equal(NOTHING_DONE);
    expect(err).to.include("required option --safety-snapshot TARGET is missing");
  });
});
