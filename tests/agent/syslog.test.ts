import { execFileSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { type ConsulServer, startConsul, until } from "../support/consul/consul";
import { command } from "../support/programs/command";
import { LOOPBACK } from "../support/programs/ports";
import { temporaryFolder } from "../support/programs/saving";
import { configFile } from "./running";

/** The severities of RFC 5424 that the levels stand for. */
const [DEBUG, INFO, ERROR] = [7, 6, 3];

describe("the agent's lines in syslog", function () {
  this.timeout(60_000);
  let consul: ConsulServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let syslog: Socket;
  const received: string[] = [];
  before(async () => {
    [consul, folder] = await Promise.all([startConsul(), temporaryFolder()]);
    syslog = createSocket("udp4", (message) => received.push(message.toString()));
    syslog.bind(0, LOOPBACK);
    await once(syslog, "listening");
    // The machine's own syslog is not asked: the same program sends to ours.
    await mkdir(join(folder.path, "bin"));
    const logger = join(folder.path, "bin", "logger");
    const { port } = syslog.address();
    await writeFile(logger, `#!/bin/sh\nPATH=$REAL_PATH exec logger --udp --server ${LOOPBACK} --port ${port} "$@"\n`);
    await chmod(logger, 0o755);
  });
  after(async () => {
    syslog.close();
    await Promise.all([consul.stop(), folder.remove()]);
  });
  beforeEach(() => received.splice(0));

  /** Runs an agent that takes one snapshot; `path` is where it finds programs. */
  async function runOnce(path: string, facility: string, level = "info") {
    const config = {
      http_addr: consul.address,
      snapshot: { interval: "0" },
      log: { level, enable_syslog: true, syslog_facility: facility },
      backup_destinations: {
        local_storage: [
          { name: "good", path: join(folder.path, "archives") },
          // What is below a file cannot be a folder.
          { name: "bad", path: join(folder.path, "bin", "logger", "x") },
        ],
      },
    };
    const file = await configFile(folder.path, config);
    return command(["agent", "-config-file", file], { env: { PATH: path, REAL_PATH: process.env.PATH } });
  }

  it("are those that it writes itself, each with its facility and severity", async function () {
    if (!canSendElsewhere()) this.skip();
    const path = `${join(folder.path, "bin")}${delimiter}${process.env.PATH}`;
    for (const [facility, number] of [
      ["LOCAL3", 19],
      ["daemon", 3],
    ] as const) {
      received.splice(0);
      const { code, out } = await runOnce(path, facility, "debug");
      expect(code).to.equal(1);
      const written = out.trim().split("\n").sort();
      const severities = { DEBUG, INFO, ERROR };
      const expected = written.map((line) => {
        const [, level = ""] = /\[(\w+)\]/.exec(line) ?? [];
        return `<${number * 8 + severities[level as keyof typeof severities]}> consul-snapshot ${line}`;
      });
      expect(new Set(written.map((line) => /\[(\w+)\]/.exec(line)?.[1])))
        .to.include("INFO")
        .and.include("ERROR");
      await until("the lines", () => Promise.resolve(received.length >= expected.length ? true : undefined));
      expect(received.map(essence).sort()).to.deep.equal(expected.sort());
    }
  });

  it("are missed once, and no snapshot fails, where the program that sends them does not exist", async () => {
    const { code, out } = await runOnce(join(folder.path, "nothing"), "LOCAL0");
    expect(code).to.equal(1);
    expect(out).to.match(/Saved snapshot: id=\d{19} destination=good/);
    expect(out.match(/\[WARN\].*no lines reach syslog: the program logger cannot be run/g)).to.have.lengthOf(1);
    expect(received).to.deep.equal([]);
  });
});

/** Priority, tag and text of a line as RFC 5424 has it. */
function essence(message: string): string {
  const [, priority, tag, text] = /^<(\d+)>1 \S+ \S+ (\S+) \S+ \S+ (?:-|\[.*?\]) (.*)$/s.exec(message) ?? [];
  return `<${priority}> ${tag} ${text}`;
}

/** That of util-linux can; those of BSD and BusyBox cannot. */
function canSendElsewhere(): boolean {
  try {
    return execFileSync("logger", ["--version"], { encoding: "utf8" }).includes("util-linux");
  } catch {
    return false;
  }
}
