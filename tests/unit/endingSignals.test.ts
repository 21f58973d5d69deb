import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { resolve } from "node:path";
import { expect } from "chai";
import { ENDING_SIGNALS, ownEndingSignals, providerEndingSignals } from "../../provider/endingSignals";
import { temporaryFolder } from "../support/programs/saving";

/** Signals of Linux that end no Node.js process, or that no handler can change. */
const HARMLESS = ["SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH", "SIGPIPE", "SIGXFSZ"];
const STOP_AND_KILL = ["SIGKILL", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"];
const CRASH = ["SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS"];
const OTHER_NAMES = ["SIGIOT", "SIGPOLL"];

describe("the signals that end a process", function () {
  this.timeout(30_000);

  /** A program that handles them all; `work` goes on after that. */
  async function ended(options: readonly string[], work: string): Promise<unknown> {
    const program = `
      const { ownEndingSignals } = require(${JSON.stringify(resolve("dist/provider/endingSignals.js"))});
      const names = ownEndingSignals();
      const end = (name) => { console.error(name); process.exit(9); };
      for (const name of names) process.on(name, end);
      ${work}`;
    const child = spawn(process.execPath, [...options, "--eval", program], { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.resume();
    return once(child, "close");
  }

  it("are all those of this system but the ones of a crash", () => {
    const without = [...HARMLESS, ...STOP_AND_KILL, ...CRASH, ...OTHER_NAMES];
    const all = Object.keys(constants.signals).filter((name) => !without.includes(name));
    expect(ownEndingSignals([])).to.have.members(all);
  });

  it("do not include those that a program's own process needs: Node's debugger and its profiler", () => {
    for (const name of ["SIGUSR1", "SIGPROF"]) expect(ENDING_SIGNALS).to.not.include(name);
    expect(ownEndingSignals(["--enable-source-maps"])).to.include("SIGPROF");
    for (const option of ["--cpu-prof", "--prof"]) {
      expect(ownEndingSignals([option])).to.include("SIGUSR1");
      expect(ownEndingSignals([option])).to.not.include("SIGPROF");
    }
  });

  it("include the profiler's in a provider's process: its work ends in order", async () => {
    expect(providerEndingSignals([])).to.have.members([...ENDING_SIGNALS, "SIGPROF"]);
    expect(providerEndingSignals(["--cpu-prof"])).to.have.members(ENDING_SIGNALS);
    const program = `
      const { runStoppable } = require(${JSON.stringify(resolve("dist/provider/hosts/shutdown.js"))});
      runStoppable((signal) => new Promise((resolve) => {
        const alive = setInterval(() => undefined, 1000);
        signal.addEventListener("abort", () => { console.error("tidied"); clearInterval(alive); resolve(); });
        process.kill(process.pid, "SIGPROF");
      }));`;
    const child = spawn(process.execPath, ["--eval", program], { stdio: ["ignore", "ignore", "pipe"] });
    const parts: Buffer[] = [];
    child.stderr.on("data", (part: Buffer) => parts.push(part));
    expect(await once(child, "close")).to.deep.equal([1, null]);
    expect(Buffer.concat(parts).toString()).to.equal("tidied\n");
  });

  it("are no end to a process that Node.js profiles", async () => {
    const folder = await temporaryFolder();
    try {
      const work = `
        const until = Date.now() + 300;
        (function turn() {
          if (Date.now() < until) setImmediate(turn);
          else for (const name of names) process.off(name, end);
        })();`;
      expect(await ended(["--cpu-prof", `--cpu-prof-dir=${folder.path}`], work)).to.deep.equal([0, null]);
      expect(await folder.entries()).to.have.lengthOf(1);
    } finally {
      await folder.remove();
    }
  });

  it("leave a process that aborts itself to end", async () => {
    expect(await ended([], "process.abort();")).to.deep.equal([null, "SIGABRT"]);
  });

  it("may have a name that the system does not know", () => {
    const handle = (): void => undefined;
    const name = "SIGOFANOTHERSYSTEM" as NodeJS.Signals;
    expect(() => process.on(name, handle).off(name, handle)).to.not.throw();
  });
});
