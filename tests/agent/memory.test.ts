import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { expect } from "chai";
import { generatedArchive } from "../support/archives/generatedArchive";
import { keyPair } from "../support/archives/ageKeys";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { effort } from "../support/effort";
import { consulProxy } from "../support/faults/consulProxy";
import { lyingConsul } from "../support/faults/lyingConsul";
import { compiledProgram } from "../support/programs/compiled";
import { temporaryFolder } from "../support/programs/saving";
import { versitygw } from "../support/stores/s3";
import type { StoreServer } from "../support/stores/stores";
import { configFile } from "./running";

const MB = 1024 * 1024;
/** Seen: 108 to 120 MB, of which 45 MB are pages of Node's own program; the most on a busy machine. */
const MOST_MB = 128;
/** Seen: 10 to 12 MB. What a process has freed may stay with it. */
const MOST_GROWN_MB = 20;
/** The process writes its own peak when it ends, in kilobytes. */
const PEAK = `process.on("exit", () => require("node:fs").writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS)));`;

describe("the memory of an agent", function () {
  this.timeout(600_000);
  let consul: ConsulServer;
  let s3: StoreServer;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    [consul, s3, folder] = await Promise.all([startConsul(), versitygw.start(), temporaryFolder()]);
  });
  after(() => Promise.all([consul.stop(), s3.stop(), folder.remove()]));
  const bucket = (more: object = {}): object => ({
    s3_bucket: "bucket",
    s3_region: "us-east-1",
    s3_endpoint: `http://127.0.0.1:${s3.port}`,
    s3_force_path_style: true,
    ...more,
  });

  const size = effort.choose(256, 1024);
  it(`is at most ${MOST_MB} MB while it saves ${size} MB to S3, twice`, async () => {
    const large = await lyingConsul((response, headers) => {
      response.writeHead(200, headers);
      generatedArchive(size * MB).pipe(response);
    });
    const front = await consulProxy(({ url = "" }) => (url.startsWith("/v1/snapshot") ? large : consul).address);
    const [hook, peak] = [join(folder.path, "peak.cjs"), join(folder.path, "peak")];
    await writeFile(hook, PEAK);
    const file = await configFile(folder.path, { http_addr: front.address, aws_storage: bucket() });
    const child = spawn(
      process.execPath,
      ["--require", hook, resolve("dist/cli/main.js"), "agent", "-config-file", file],
      { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...s3.env, PEAK_FILE: peak } },
    );
    const ended = once(child, "exit");
    const problems: string[] = [];
    let saved = 0;
    for await (const line of createInterface(child.stdout)) {
      if (line.includes("[ERROR]")) problems.push(line);
      if (line.includes("Saved snapshot")) child.kill(++saved === 1 ? "SIGUSR1" : "SIGTERM");
      else if (problems.length > 0) child.kill("SIGTERM");
    }
    expect(await ended).to.deep.equal([0, null]);
    expect({ problems, saved, asked: large.asked() }).to.deep.equal({ problems: [], saved: 2, asked: 2 });
    await Promise.all([front.stop(), large.stop()]);
    const megabytes = Number(await readFile(peak, "utf8")) / 1024;
    console.log(`      ${megabytes.toFixed(0)} MB`);
    expect(megabytes).to.be.at.most(MOST_MB);
  });

  const hours = effort.choose(48, 168);
  it(`grows by less than ${MOST_GROWN_MB} MB in ${hours} hours with four destinations`, async () => {
    const { recipient } = await keyPair();
    const path = (name: string): string => join(folder.path, name);
    const agent = {
      http_addr: consul.address,
      snapshot: { interval: "1h", retain: 5 },
      backup_destinations: {
        aws_storage: [bucket({ name: "bucket", s3_key_prefix: "week" })],
        local_storage: [
          { name: "plain", path: path("plain"), retention: { keepLast: 2, keepDaily: 3 } },
          { name: "encrypted", path: path("encrypted"), recipients: [recipient] },
          { name: "all", path: path("all"), retain: 0 },
        ],
      },
    };
    const file = await configFile(folder.path, agent, "week.json");
    const args = [
      "--expose-gc",
      "--semi-space-growth-factor=1",
      compiledProgram("agentWeek"),
      file,
      "8",
      String(hours),
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...s3.env } });
    const [first, last] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { hour: number; saved: string; rss: number; used: number });
    expect(last).to.deep.include({ hour: hours, saved: `${hours} ${hours} ${hours} ${hours}` });
    const grown = (last!.rss - first!.rss) / MB;
    const used = (last!.used - first!.used) / MB;
    console.log(`      ${grown.toFixed(1)} MB more than after 8 hours, of which ${used.toFixed(1)} MB in use`);
    expect(grown).to.be.below(MOST_GROWN_MB);
    // A process may keep what it has freed; what is in use says more.
    expect(used).to.be.below(10);
  });
});
