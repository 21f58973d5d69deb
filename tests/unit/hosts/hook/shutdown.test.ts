import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { expect } from "chai";
import { type EngineChannel, runWhileConnected } from "../../../../provider/hosts/hook/shutdown";

const READY = 2;

/** A program that works until it is told to stop, and then cleans up. */
const PROGRAM = `
const { runWhileConnected } = require(${JSON.stringify(resolve("dist/provider/hosts/hook/shutdown.js"))});
const idle = setInterval(() => undefined, 1000);
const { LISTENS, DONE_WHEN_HEARD } = process.env;
let heard = () => undefined;
if (LISTENS) process.on(LISTENS, () => { console.log("heard"); heard(); });
runWhileConnected(undefined, (signal) => new Promise((done) => {
  if (DONE_WHEN_HEARD) heard = () => setImmediate(done);
  signal.addEventListener("abort", () => setImmediate(() => { console.log("cleaned up"); done(); }));
  console.log("working");
})).then(() => { console.log("returned"); clearInterval(idle); });
`;

async function interrupted(
  signal: NodeJS.Signals,
  env: Record<string, string>,
): Promise<{ ended: unknown; said: string[] }> {
  const args = ["--eval", PROGRAM];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (part: Buffer) => {
    text += String(part);
    if (text === "working\n") child.kill(signal);
  });
  const ended = await once(child, "close");
  return { ended, said: text.trim().split("\n") };
}

describe("work for a resource hook", function () {
  this.timeout(30_000);

  for (const signal of ["SIGINT", "SIGUSR2", "SIGALRM"] as const) {
    it(`cleans up when its process gets ${signal}, which then ends as it would have`, async () => {
      const { ended, said } = await interrupted(signal, {});
      expect(ended).to.deep.equal([null, signal]);
      expect(said.slice(0, 2)).to.deep.equal(["working", "cleaned up"]);
    });
  }

  it("cleans up and leaves the process to a program that listens itself", async () => {
    const { ended, said } = await interrupted("SIGINT", { LISTENS: "SIGINT" });
    expect(ended).to.deep.equal([0, null]);
    expect(said).to.have.members(["working", "heard", "cleaned up", "returned"]);
  });

  it("goes on at SIGUSR2 if the program uses that signal for something else", async () => {
    const { ended, said } = await interrupted("SIGUSR2", { LISTENS: "SIGUSR2", DONE_WHEN_HEARD: "1" });
    expect(ended).to.deep.equal([0, null]);
    expect(said).to.deep.equal(["working", "heard", "returned"]);
  });

  it("stops when the engine is gone, and listens to nothing afterwards", async () => {
    const before = process.listenerCount("SIGINT");
    let gone = (): void => undefined;
    const engine: EngineChannel = {
      getConnectivityState: () => READY,
      watchConnectivityState: (from, _deadline, changed) => {
        expect(from).to.equal(READY);
        gone = changed;
      },
    };
    const reason = await runWhileConnected(engine, async (signal) => {
      expect(signal.aborted).to.equal(false);
      gone();
      return Promise.resolve(signal.aborted);
    });
    expect(reason).to.equal(true);
    expect(process.listenerCount("SIGINT")).to.equal(before);
  });

  it("goes on where there is no engine to be watched", async () => {
    expect(await runWhileConnected(undefined, (signal) => Promise.resolve(signal.aborted))).to.equal(false);
  });
});
