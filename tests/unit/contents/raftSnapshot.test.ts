import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { expect } from "chai";
import { readWhole } from "../../../provider/archive/readWhole";
import { packedArchive } from "../../../provider/contents/pack";
import { findRaftSnapshot } from "../../../provider/contents/raftSnapshot";
import { explain } from "../../../provider/errors";
import { crcOf, writeRaftSnapshot } from "../../fixtures/raftSnapshot";
import { keyValue, stateOf } from "../../fixtures/state";
import { runHere } from "../../support/programs/commandLine";

describe("a snapshot that Raft has left", () => {
  let folder: string;
  const { signal } = new AbortController();
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "raft-test-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const snapshot = (index: number, state = stateOf([keyValue("a", String(index))]), crc?: Buffer): Promise<string> =>
    writeRaftSnapshot(folder, index, state, crc);

  it("has the checksum that Go calls crc64.ECMA", () => {
    expect(crcOf(Buffer.from("123456789")).toString("hex")).to.equal("995dc9bbdf1939fa");
    expect(crcOf(Buffer.alloc(0)).toString("hex")).to.equal("0000000000000000");
  });

  it("is the newest valid one, wherever in the data directory one looks", async () => {
    const valid = await snapshot(9);
    await snapshot(8);
    await snapshot(12, stateOf([]), Buffer.alloc(8));
    await snapshot(11, Buffer.concat([stateOf([]), Buffer.from([2])]));
    await mkdir(join(folder, "raft", "snapshots", "2-13-1795469451610.tmp"));
    for (const place of [folder, join(folder, "raft"), join(folder, "raft", "snapshots"), valid]) {
      const found = await findRaftSnapshot(place, signal);
      expect(found.snapshot.folder).to.equal(valid);
      if (place === valid) continue;
      expect(found.skipped).to.have.length(2);
      expect(found.skipped.join("\n")).to.match(/2-12-.*checksum differs\n2-11-.*cannot be decoded/);
    }
  });

  it("that is skipped is named on one line, whatever its name and its meta.json hold", async () => {
    const own = await snapshot(9);
    const forged = join(folder, "raft", "snapshots", "evil\u001b[2J\nforged");
    await mkdir(forged);
    await writeFile(join(forged, "state.bin"), "");
    await writeFile(join(forged, "meta.json"), "{".repeat(3_000_000));
    const { snapshot: found, skipped } = await findRaftSnapshot(folder, signal);
    expect(found.folder).to.equal(own);
    expect(skipped).to.have.length(1);
    expect(skipped[0]).to.match(/^evil \[2J forged: the meta\.json in .* is not one that Raft writes for Consul$/);
    const failure = await findRaftSnapshot(forged, signal).catch((error: unknown) => error);
    expect(failure).to.include({ code: "ARCHIVE_MALFORMED" });
    expect(explain(failure)).to.match(/\nUse another snapshot in raft\/snapshots\//);
  });

  it("that is large is verified on a thread while it is packed", async () => {
    const values = Array.from({ length: 20 }, (_, at) => keyValue(`large/${at}`, randomBytes(500_000)));
    await snapshot(9, stateOf(values));
    const threads: Worker[] = [];
    const count = (thread: Worker): void => void threads.push(thread);
    process.on("worker", count);
    try {
      const packed = await runHere(["pack", folder, join(folder, "packed.snap")]);
      expect(packed.code, packed.err).to.equal(0);
    } finally {
      process.off("worker", count);
    }
    expect(threads).to.have.lengthOf(availableParallelism() > 1 ? 1 : 0);
    const verified = await runHere(["verify", join(folder, "packed.snap")]);
    expect(verified.code, verified.err).to.equal(0);
  });

  it("becomes an archive that Consul takes, and nothing of the disk is changed", async () => {
    const own = await snapshot(9);
    const before = await readFile(join(own, "meta.json"), "utf8");
    const { snapshot: found } = await findRaftSnapshot(folder, signal);
    const { meta, stateSize, state } = await readWhole(packedArchive(found));
    expect([meta.id, meta.index, meta.size]).to.deep.equal(["2-9-1795469451610", 9, stateSize]);
    expect(state.groups.map(({ type, count }) => [type, count])).to.deep.include(["KVS", 1]);
    expect(await readFile(join(own, "meta.json"), "utf8")).to.equal(before);
    // A disk that gives other bytes the second time.
    await writeFile(join(own, "state.bin"), Buffer.alloc(found.size));
    const error = await readWhole(packedArchive(found)).catch((caught: unknown) => caught);
    expect(error).to.include({ code: "ARCHIVE_CHECKSUM" });
  });

  it("is missed with the place that was meant", async () => {
    const failure = (place: string) => findRaftSnapshot(place, signal).catch((caught: unknown) => caught);
    expect(await failure(folder)).to.include({ code: "STORE_NOT_FOUND" });
    expect(await failure(join(folder, "nowhere"))).to.include({ code: "STORE_NOT_FOUND", hint: "Check the path." });
    await snapshot(7, stateOf([]), Buffer.alloc(8));
    expect(await failure(folder)).to.include({ code: "ARCHIVE_CHECKSUM" });
  });

  it("is passed over where the disk does not give it, and the failure says what to do", async () => {
    const broken = await snapshot(10, Buffer.alloc(0));
    // The kernel refuses to read the first bytes of a process's memory with EIO, as it does those of a bad sector.
    await rm(join(broken, "state.bin"));
    await symlink("/proc/self/mem", join(broken, "state.bin"));
    const failure = await findRaftSnapshot(folder, signal).catch((caught: unknown) => caught);
    expect(failure).to.include({
      code: "STORE_UNREACHABLE",
      message: `${join(broken, "state.bin")} cannot be read: EIO`,
      hint: "Check the disk. Use another snapshot in raft/snapshots/, or the disk of another server.",
    });
    const valid = await snapshot(9);
    const found = await findRaftSnapshot(folder, signal);
    expect(found.snapshot.folder).to.equal(valid);
    expect(found.skipped).to.deep.equal([`2-10-1795469451610: ${join(broken, "state.bin")} cannot be read: EIO`]);
    // A disk that fails the second time.
    await rm(join(valid, "state.bin"));
    await symlink("/proc/self/mem", join(valid, "state.bin"));
    const again = await readWhole(packedArchive(found.snapshot)).catch((caught: unknown) => caught);
    expect(again).to.include({ code: "STORE_UNREACHABLE" });
  });

  it("is not called absent where its folder may not be looked into", async () => {
    const own = await snapshot(9);
    // A loop of links cannot be looked at, whoever asks; a folder of another owner could by root.
    await rm(join(own, "meta.json"));
    await symlink("meta.json", join(own, "meta.json"));
    const failure = await findRaftSnapshot(folder, signal).catch((caught: unknown) => caught);
    expect(failure).to.include({
      code: "STORE_UNREACHABLE",
      message: `${join(own, "meta.json")} cannot be read: ELOOP`,
    });
  });
});
