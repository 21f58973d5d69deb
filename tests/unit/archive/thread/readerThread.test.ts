import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { expect } from "chai";
import fc from "fast-check";
import { ArchiveReader, type Reader } from "../../../../provider/archive/reader";
import { AwaitedReader, openReader } from "../../../../provider/archive/thread/openReader";
import { ReaderThread } from "../../../../provider/archive/thread/readerThread";
import { type WorkerCode, workerCode } from "../../../../provider/archive/thread/workerCode";
import { SnapshotError } from "../../../../provider/errors";
import { archiveOf } from "../../../fixtures/archive";
import { pieces } from "../../../fixtures/reading";
import { keyValue, stateOf } from "../../../fixtures/state";
import { TRAPS } from "../../../fixtures/traps";
import { generatedArchive } from "../../../support/archives/generatedArchive";
import { compiledProgram } from "../../../support/programs/compiled";
import { bundledWorker } from "../../../support/programs/readerBundle";

const kv = { depth: 1 };
const archive = archiveOf(stateOf([keyValue("app/a", "1"), keyValue("app/b", Buffer.alloc(50_000, "words "))]));

/** The report, or all that a user or a program sees of the failure. */
async function outcome(reader: Reader, bytes: Buffer, cuts: readonly number[] = [bytes.length]): Promise<object> {
  try {
    for (const piece of pieces(bytes, cuts)) {
      const copy = Buffer.from(piece);
      await reader.write(copy);
      copy.fill(0xaa);
    }
    const report = await reader.end();
    return { report, meta: await reader.meta };
  } catch (error) {
    return described(error);
  } finally {
    reader.destroy();
  }
}

function described(error: unknown): object {
  if (!(error instanceof SnapshotError)) throw error;
  const { code, message, hint, details, cause } = error;
  return { code, message, hint, details, cause: cause instanceof Error ? cause.message : undefined };
}

async function failure(work: Promise<unknown>): Promise<SnapshotError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(SnapshotError);
  return error as SnapshotError;
}

/** A thread that runs other code. */
function program(code: string): WorkerCode {
  return { program: `const { parentPort } = require("node:worker_threads"); ${code}`, options: { eval: true } };
}

const START = 'parentPort.postMessage({ kind: "started" });';
/** What keeps a thread from starting: refused at once, without a program, ended before it says that it runs. */
const NO_THREADS: Readonly<Record<string, WorkerCode>> = {
  "is refused": { program: "no/path", options: {} },
  "has no program": { program: "/nowhere/readerWorker.js", options: {} },
  "ends at once": program("parentPort.on('message', () => undefined); process.exit(1);"),
};

describe("an archive reader on a thread", function () {
  this.timeout(60_000);

  it("reports and fails as the reader without a thread does", async () => {
    const messages = new Set<string>();
    for (const { name, bytes } of [{ name: "a valid archive", bytes: archive }, ...TRAPS]) {
      const expected = await outcome(new ArchiveReader({ kv }), bytes);
      // A thread takes its time to start: one trap of each failure is enough.
      const message = "message" in expected ? String(expected.message) : name;
      if (messages.has(message)) continue;
      messages.add(message);
      expect(await outcome(new ReaderThread({ kv }, bundledWorker()), bytes), name).to.deep.equal(expected);
    }
  });

  for (const [why, code] of Object.entries(NO_THREADS)) {
    it(`does the same where a thread ${why}`, async () => {
      for (const { name, bytes } of [...TRAPS.slice(0, 1), { name: "a valid archive", bytes: archive }]) {
        const expected = await outcome(new ArchiveReader({ kv }), bytes);
        expect(await outcome(new ReaderThread({ kv }, code), bytes), name).to.deep.equal(expected);
      }
    });
  }

  it("says the same of the same bytes however they come", async () => {
    const parts: Buffer[] = [];
    for await (const part of generatedArchive(9_000_000)) parts.push(part as Buffer);
    const large = Buffer.concat(parts);
    const expected = await outcome(new ArchiveReader(), large);
    const sizes = fc.array(fc.integer({ min: 1000, max: 3_000_000 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(sizes, async (cuts) => {
        expect(await outcome(new ReaderThread({}, bundledWorker()), large, cuts)).to.deep.equal(expected);
      }),
      { numRuns: 8 },
    );
  });

  it("runs the program of this package", async () => {
    const reader = new ReaderThread({ kv }, workerCode());
    expect(reader.threadId).to.be.above(0);
    expect(await outcome(reader, archive)).to.deep.equal(await outcome(new ArchiveReader({ kv }), archive));
  });

  it("holds the limits that it was made with", async () => {
    const reader = new ReaderThread({ limits: { inflatedBytes: 20_000 } }, bundledWorker());
    expect(await outcome(reader, archive)).to.include({ code: "ARCHIVE_TOO_LARGE" });
  });

  it("knows meta.json as soon as it has read it, and remembers a failure", async () => {
    const reader = new ReaderThread({}, bundledWorker());
    let index: number | undefined;
    void reader.meta.then((meta) => (index = meta.index));
    for (const piece of pieces(archive, [100])) {
      await reader.write(piece);
      await reader.idle();
      if (index !== undefined) break;
    }
    expect(index).to.equal(1182);
    await reader.write(Buffer.from("anything else"));
    const first = await failure(reader.end());
    expect(await failure(reader.write(archive))).to.equal(first);
    expect(await failure(reader.idle())).to.equal(first);
    reader.destroy();
  });

  it("can be destroyed after any piece, whatever is under way", async () => {
    const cuts = [Math.ceil(archive.length / 4)];
    for (let taken = 0; taken <= 4; taken++) {
      for (const last of ["write", "idle", "end"] as const) {
        const reader = new ReaderThread({}, bundledWorker());
        for (const piece of [...pieces(archive, cuts)].slice(0, taken)) await reader.write(piece);
        const running = failure(last === "write" ? reader.write(Buffer.alloc(9_000_000)) : reader[last]());
        reader.destroy();
        expect((await running).code).to.equal("INTERRUPTED");
        expect((await failure(reader.meta)).code).to.equal("INTERRUPTED");
        expect(reader.threadId).to.equal(undefined);
      }
    }
  });

  it("takes no more bytes than it has memory for while the thread takes none", async () => {
    const reader = new ReaderThread({}, program(`${START} parentPort.on("message", () => undefined);`));
    for (let slot = 0; slot < 3; slot++) await reader.write(Buffer.alloc(1024 * 1024));
    let settled = false;
    const more = failure(reader.write(Buffer.alloc(1))).then((error) => {
      settled = true;
      return error;
    });
    await delay(1);
    expect(settled).to.be.false;
    reader.destroy();
    expect((await more).code).to.equal("INTERRUPTED");
  });

  it("says in one sentence that its thread has crashed", async () => {
    const crashes = {
      "throw new Error('out of luck')": "the thread that verifies the archive has crashed: out of luck",
      "process.exit(3)": "the thread that verifies the archive has crashed",
    };
    for (const [crash, message] of Object.entries(crashes)) {
      // It has answered: news of one that never started may be earlier than its own.
      const onOrder = `(order) => { if (order === "idle") parentPort.postMessage({ kind: "idle" }); else if (order === "end") { ${crash}; } }`;
      const reader = new ReaderThread({}, program(`${START} parentPort.on("message", ${onOrder});`));
      await reader.write(archive);
      await reader.idle();
      const error = await failure(reader.end());
      expect(error.message).to.equal(message);
      expect(error.code).to.equal("INTERRUPTED");
      expect(await failure(reader.write(archive))).to.equal(error);
      reader.destroy();
    }
  });

  it("keeps no process alive, at whatever moment it is abandoned", async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [compiledProgram("abandonedReaders")]);
    expect({ stdout, stderr }).to.deep.equal({ stdout: "abandoned\n", stderr: "" });
  });
});

describe("the choice of an archive reader", () => {
  const processors = availableParallelism();
  const forLarge = processors > 1 ? ReaderThread : ArchiveReader;

  async function untilThreadsEnd(): Promise<void> {
    while (ReaderThread.running > 0) await delay(1);
  }
  beforeEach(untilThreadsEnd);

  function isOf(reader: Reader, expected: typeof ReaderThread | typeof ArchiveReader): void {
    reader.destroy();
    expect(reader).to.be.instanceOf(expected);
  }

  it("is a thread for a large archive, unless each record is looked at", () => {
    isOf(openReader({}, 100_000_000), forLarge);
    isOf(openReader({}, 1_000_000), ArchiveReader);
    isOf(openReader(), ArchiveReader);
    isOf(openReader({ see: () => undefined }, 100_000_000), ArchiveReader);
  });

  it("is a thread for as many archives at once as there are processors", async () => {
    const readers = Array.from({ length: processors + 1 }, () => openReader({}, 100_000_000));
    const threads = readers.filter((reader) => reader instanceof ReaderThread);
    expect(threads).to.have.lengthOf(processors > 1 ? processors : 0);
    for (const reader of readers) reader.destroy();
    await untilThreadsEnd();
    isOf(openReader({}, 100_000_000), forLarge);
  });

  it("is a thread once the server has been silent", async () => {
    const silent = new AwaitedReader({}, 1);
    // A timer that starts later, for as long, ends later.
    await delay(1);
    isOf(silent.open(), forLarge);
    isOf(new AwaitedReader({}).open(), ArchiveReader);
    const seeing = new AwaitedReader({ see: () => undefined }, 1);
    await delay(1);
    isOf(seeing.open(), ArchiveReader);
    const abandoned = new AwaitedReader({}, 1);
    abandoned.destroy();
    await delay(1);
    isOf(abandoned.open(), ArchiveReader);
  });
});
