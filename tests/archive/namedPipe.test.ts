import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { expect } from "chai";
import { generatedArchive } from "../support/archives/generatedArchive";
import { temporaryFolder } from "../support/programs/saving";

describe("a named pipe in place of an archive", function () {
  this.timeout(120_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const path = (name: string): string => join(folder.path, name);
  beforeEach(async () => {
    folder = await temporaryFolder();
    execFileSync("mkfifo", [path("pipe")]);
  });
  afterEach(() => folder.remove());

  /** Starts a command whose source is the pipe, and waits until it has said that it waits for a writer. */
  async function waiting(name: string, ...args: string[]) {
    const child = spawn(process.execPath, [resolve("dist/cli/main.js"), name, path("pipe"), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const text = { out: "", err: "" };
    child.stdout.on("data", (part: Buffer) => (text.out += part.toString()));
    const closed = once(child, "close");
    await new Promise<void>((settle, reject) => {
      child.stderr.on("data", (part: Buffer) => {
        text.err += part.toString();
        if (text.err.includes("\n")) settle();
      });
      child.once("close", (...ended) => reject(new Error(`it ended: ${String(ended)} ${text.err}`)));
    });
    expect(text.err).to.equal(`waiting for a program that writes to the named pipe ${path("pipe")}\n`);
    return { child, text, closed };
  }

  for (const [signal, name, ...args] of [
    ["SIGINT", "verify"],
    ["SIGTERM", "inspect"],
    ["SIGINT", "get", "app/a"],
    ["SIGTERM", "export"],
  ] as const) {
    it(`is waited for by ${name}, which ${signal} ends at once`, async () => {
      const { child, closed } = await waiting(name, ...args);
      child.kill(signal);
      expect(await closed).to.deep.equal([null, signal]);
    });
  }

  it("is waited for by export to a file, which a signal ends in order", async () => {
    const { child, text, closed } = await waiting("export", "--output", path("keys.json"));
    child.kill("SIGTERM");
    expect(await closed, text.err).to.deep.equal([2, null]);
    expect(text.err).to.include("was interrupted (INTERRUPTED)");
    expect(await readdir(folder.path)).to.deep.equal(["pipe"]);
  });

  it("is read to its end once there is a writer, however large the archive is", async () => {
    await pipeline(generatedArchive(5_000_000), createWriteStream(path("a.snap")));
    const { text, closed } = await waiting("verify");
    await pipeline(createReadStream(path("a.snap")), createWriteStream(path("pipe")));
    expect(await closed, text.err).to.deep.equal([0, null]);
    expect(text.out).to.match(/pipe: valid \(index \d+, \d+ records, [\d.]+MB\)/);
    expect(text.err.match(/waiting/g)).to.have.length(1);
  });

  it("is read without a word where the writer is there already", async () => {
    await pipeline(generatedArchive(100_000), createWriteStream(path("a.snap")));
    const writing = pipeline(createReadStream(path("a.snap")), createWriteStream(path("pipe")));
    const child = spawn(process.execPath, [resolve("dist/cli/main.js"), "verify", path("pipe")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let err = "";
    child.stderr.on("data", (part: Buffer) => (err += part.toString()));
    expect(await once(child, "close")).to.deep.equal([0, null]);
    expect(err).to.equal("");
    await writing;
  });
});
