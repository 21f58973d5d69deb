import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { expect } from "chai";
import { DONE, UNSETTLED } from "../../../cli/restore/restore";
import { type ConsulServer, startConsul, until } from "../../support/consul/consul";
import { type ConsulProxy, consulProxy } from "../../support/faults/consulProxy";
import { command } from "../../support/programs/command";
import { saveTo, temporaryFolder } from "../../support/programs/saving";

describe("the command restore, once the archive is on its way,", function () {
  this.timeout(120_000);
  let consul: ConsulServer;
  let proxy: ConsulProxy;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let args: string[];
  let release: () => void;
  let err: string;

  before(async () => {
    consul = await startConsul();
    proxy = await consulProxy(consul.address);
  });
  after(async () => {
    await proxy.stop();
    await consul.stop();
  });
  beforeEach(async () => {
    err = "";
    folder = await temporaryFolder();
    await consul.api("/v1/kv/who", { method: "PUT", body: "the archive" });
    const archive = (await saveTo(`${folder.path}/`, { address: consul.address })).saved.manifest.location;
    await consul.api("/v1/kv/who", { method: "PUT", body: "the cluster" });
    const safety = ["--safety-snapshot", join(folder.path, "safety/"), "--http-addr", proxy.address];
    args = ["restore", archive, ...safety, "--yes", "--run-id", "once"];
  });
  afterEach(() => folder.remove());

  /** The command; resolves when Consul has restored, and its answer is held until `release`. */
  async function started(): Promise<ChildProcessByStdio<null, Readable, Readable>> {
    const restored = new Promise<void>((resolve) => {
      proxy.afterRestore(() => {
        resolve();
        return new Promise<void>((done) => (release = done));
      });
    });
    const child = spawn(process.execPath, ["dist/cli/main.js", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    child.stderr.on("data", (bytes: Buffer) => (err += bytes.toString()));
    child.stdout.resume();
    await Promise.race([restored, once(child, "close")]);
    return child;
  }

  async function receipt(): Promise<{ result?: { outcome: string } }> {
    const name = (await readdir(folder.path)).find((file) => file.endsWith(".receipt.json")) ?? "";
    return JSON.parse(await readFile(join(folder.path, name), "utf8")) as { result?: { outcome: string } };
  }

  for (const signals of [["SIGHUP"], ["SIGTERM", "SIGUSR2", "SIGQUIT"], ["SIGINT", "SIGTERM", "SIGHUP"]] as const) {
    it(`is not ended by ${signals.join(", ")} before Consul has answered`, async () => {
      const child = await started();
      expect(err, "where the receipt is, before the archive is sent").to.include("the receipt of this run: ");
      const ended = once(child, "close");
      for (const [at, signal] of signals.entries()) {
        child.kill(signal);
        if (at === 0)
          await until("the signal to be heard", () => Promise.resolve(/waiting for Consul/.test(err) || undefined));
      }
      expect(child.exitCode).to.equal(null);
      release();
      expect(await ended).to.deep.equal([UNSETTLED, null]);
      expect(err).to.include("after Consul had done it");
      const again = await command(args);
      expect(again.code, again.err).to.equal(DONE);
      expect(again.out)
        .to.include("Nothing was restored now")
        .and.match(/outcome +(exact|drift)/);
      expect(await consul.api("/v1/kv/who?raw")).to.equal("the archive");
    });
  }

  it("does not end with the code for nothing was changed where its result cannot be printed", async () => {
    const full = await open("/dev/full", "w");
    const child = spawn(process.execPath, ["dist/cli/main.js", ...args], { stdio: ["ignore", full.fd, "pipe"] });
    child.stderr?.on("data", (bytes: Buffer) => (err += bytes.toString()));
    expect(await once(child, "close")).to.deep.equal([UNSETTLED, null]);
    await full.close();
    expect(err).to.include("standard output cannot be written (ENOSPC)");
    expect((await receipt()).result?.outcome).to.be.oneOf(["exact", "drift"]);
  });

  it("is proved and recorded, though nobody reads what it prints any more", async () => {
    const child = await started();
    const ended = once(child, "exit");
    child.stderr.destroy();
    child.stdout.destroy();
    release();
    expect(await ended).to.deep.equal([DONE, null]);
    expect((await receipt()).result?.outcome).to.be.oneOf(["exact", "drift"]);
  });
});
