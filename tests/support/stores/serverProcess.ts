/** A server process of a store under test. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { until } from "../consul/server";
import { LOOPBACK } from "../programs/ports";
import { reap, unrefStream } from "../programs/reaper";

export interface ServerProcess {
  /** The id of the process that runs now. */
  readonly pid: number | undefined;
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Where `npm run tools` puts a program. */
export function tool(name: string): string {
  const path = resolve(__dirname, "../../../.tools/bin", name);
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`npm run tools -- ${name}\``);
  return path;
}

export function temporaryFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `${name}-test-`));
}

/** Starts a server and waits until its port answers. */
export async function startServer(
  name: string,
  command: readonly [string, ...string[]],
  port: number,
  folder: string,
): Promise<ServerProcess> {
  let child: ChildProcess | undefined;
  let callOff = () => {};
  let log = "";

  async function start(): Promise<void> {
    const [program, ...args] = command;
    const spawned = spawn(program, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    const keep = (text: Buffer) => (log = (log + String(text)).slice(-100_000));
    spawned.stdout.on("data", keep);
    spawned.stderr.on("data", keep);
    child = spawned;
    await once(spawned, "spawn");
    callOff = reap(spawned.pid!, folder);
    spawned.unref();
    unrefStream(spawned.stdout);
    unrefStream(spawned.stderr);
    await until(`${name} to answer`, () => {
      if (spawned.exitCode !== null) throw new Error(`${name} ended: ${log}`);
      return answers(port);
    });
  }

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.ref();
    child.kill("SIGKILL");
    await ended;
    callOff();
  }

  await start();
  return {
    get pid() {
      return child?.pid;
    },
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    kill,
    restart: start,
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Calls `make` with each key, several at once. */
export async function each(keys: readonly string[], make: (key: string) => Promise<unknown>): Promise<void> {
  const rest = [...keys];
  const worker = async () => {
    for (let key = rest.pop(); key !== undefined; key = rest.pop()) await make(key);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

function answers(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, LOOPBACK);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(undefined));
  });
}
