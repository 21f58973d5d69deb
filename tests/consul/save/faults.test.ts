import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import { fill, startConsul } from "../../support/consul/consul";
import { type LyingConsul, lyingConsul } from "../../support/faults/lyingConsul";
import { withoutRights } from "../../support/faults/unprivileged";
import { compiledProgram } from "../../support/programs/compiled";
import { failureOf, saveTo, temporaryFolder } from "../../support/programs/saving";

describe("a save that goes wrong", function () {
  this.timeout(60_000);
  let archive: Buffer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let consul: LyingConsul | undefined;

  before(async () => {
    const real = await startConsul();
    await fill(real);
    archive = Buffer.from(await (await real.fetch("/v1/snapshot")).arrayBuffer());
    await real.stop();
  });
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await consul?.stop();
    consul = undefined;
    await folder.remove();
  });

  async function serve(answer: (response: ServerResponse) => void): Promise<string> {
    await consul?.stop();
    consul = await lyingConsul((response, headers) => {
      response.writeHead(200, headers);
      answer(response);
    });
    return consul.address;
  }

  async function failsWith(address: string, codes: readonly string[], target = `${folder.path}/new/`): Promise<void> {
    const failure = await failureOf(saveTo(target, { address, firstByteTimeout: "1s", idleTimeout: "1s" }));
    expect(codes, failure.message).to.include(failure.code);
    expect(failure.hint).to.not.equal("");
    expect(await folder.entries()).to.be.empty;
  }

  it("can be served its archive whole, so that the faults below are what is wrong", async () => {
    const address = await serve((response) => response.end(archive));
    const { saved } = await saveTo(`${folder.path}/`, { address });
    expect(await readFile(saved.manifest.location)).to.deep.equal(archive);
  });

  it("keeps nothing of a body that is cut, wherever, whether the connection ends well or not", async () => {
    const cuts = Array.from({ length: 24 }, (_, at) => Math.floor((archive.length * at) / 24));
    for (const cut of [...cuts, ...[1, 2, 4, 8, 9].map((missing) => archive.length - missing)]) {
      const politely = await serve((response) => response.end(archive.subarray(0, cut)));
      await failsWith(politely, ["ARCHIVE_TRUNCATED", "ARCHIVE_NOT_GZIP", "CONSUL_RESPONSE"]);
      const rudely = await serve((response) => {
        response.write(archive.subarray(0, cut), () => response.destroy());
      });
      await failsWith(rudely, ["CONSUL_UNREACHABLE", "CONSUL_RESPONSE", "ARCHIVE_TRUNCATED"]);
    }
  });

  it("gives up on a server that is silent before its first byte, or in the middle", async () => {
    consul = await lyingConsul(() => undefined);
    await failsWith(consul.address, ["CONSUL_STALLED"]);
    const half = await serve((response) => response.write(archive.subarray(0, archive.length / 2)));
    await failsWith(half, ["CONSUL_STALLED"]);
  });

  it("keeps nothing of an archive with anything after its end, such as a server's late error", async () => {
    for (const tail of ["rpc error: lost leadership", "\0", "\0".repeat(512), archive]) {
      const address = await serve((response) => response.end(Buffer.concat([archive, Buffer.from(tail)])));
      await failsWith(address, ["ARCHIVE_MALFORMED", "ARCHIVE_NOT_GZIP", "ARCHIVE_TRUNCATED"]);
    }
  });

  it("keeps nothing of an archive whose checksums are wrong", async () => {
    const tar = gunzipSync(archive);
    const state = tar.indexOf("state.bin") + 512 + 200;
    tar.writeUInt8(tar.readUInt8(state) ^ 1, state);
    const address = await serve((response) => response.end(gzipSync(tar)));
    await failsWith(address, ["ARCHIVE_CHECKSUM"]);
  });

  it("keeps nothing of what is no archive at all", async () => {
    const address = await serve((response) => response.end("<html>login</html>"));
    await failsWith(address, ["ARCHIVE_NOT_GZIP", "CONSUL_RESPONSE"]);
  });

  it("leaves a read-only folder as it is", async () => {
    const address = await serve((response) => response.end(archive));
    const readOnly = join(folder.path, "read-only");
    await mkdir(readOnly, { mode: 0o555 });
    await chmod(folder.path, 0o755);
    const failure = await withoutRights(() => failureOf(saveTo(`${readOnly}/`, { address })));
    expect(failure.code).to.equal("STORE_DENIED");
    expect(await folder.entries()).to.deep.equal(["read-only"]);
  });

  it("says that the disk is full, and leaves nothing, when a size limit is reached", () => {
    const source = join(folder.path, "source.snap");
    return writeFile(source, archive).then(async () => {
      const args = ["-c", 'ulimit -f 4; exec "$@"', "sh", process.execPath];
      const ran = spawnSync("sh", [...args, compiledProgram("fullDisk"), source, `${folder.path}/full/`], {
        encoding: "utf8",
      });
      expect(ran.stdout.trim(), ran.stderr).to.equal("STORE_FULL");
      expect(await folder.entries()).to.deep.equal(["source.snap"]);
    });
  });

  it("sweeps what was left by a killed save over a day ago, and not a neighbour's running one", async () => {
    const address = await serve((response) => response.end(archive));
    const old = join(folder.path, ".consul-snapshot-0123456789abcdef.partial");
    const running = join(folder.path, ".consul-snapshot-fedcba9876543210.partial");
    const foreign = join(folder.path, ".somebody-else.partial");
    for (const file of [old, running, foreign]) await writeFile(file, "half");
    const before = new Date(Date.now() - 25 * 60 * 60 * 1000);
    for (const file of [old, foreign]) await utimes(file, before, before);
    await saveTo(`${folder.path}/`, { address });
    const names = await folder.entries();
    expect(names).to.include.members([".consul-snapshot-fedcba9876543210.partial", ".somebody-else.partial"]);
    expect(names).to.have.lengthOf(4);
  });

  it("asks again before the first byte only, and says so", async () => {
    let failures = 2;
    consul = await lyingConsul((response, headers) => {
      if (failures-- > 0) response.writeHead(500).end("No cluster leader");
      else response.writeHead(200, headers).end(archive);
    });
    const { said } = await saveTo(`${folder.path}/`, { address: consul.address });
    expect(consul.asked()).to.equal(3);
    expect(said.info.join("\n")).to.include("No cluster leader");
  });

  it("never asks again once a byte has come", async () => {
    const address = await serve((response) => {
      response.write(archive.subarray(0, 100));
      void once(response, "drain").catch(() => undefined);
      setImmediate(() => response.destroy());
    });
    await failureOf(saveTo(`${folder.path}/`, { address }));
    expect(consul?.asked()).to.equal(1);
  });
});
