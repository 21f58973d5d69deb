import { readdir, readFile, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { keyPair } from "../support/archives/ageKeys";
import { generatedArchive } from "../support/archives/generatedArchive";
import { type LyingConsul, lyingConsul } from "../support/faults/lyingConsul";
import { effort } from "../support/effort";
import { PulumiProject } from "../support/pulumi/project";
import { azurite } from "../support/stores/azure";
import { versitygw } from "../support/stores/s3";

const MB = 1024 * 1024;
/** The states that are saved, in MB: one, one that is many times as large, and each of ten that are saved at once. */
const [SMALL, LARGE, EACH_OF_TEN] = effort.choose([200, 1000, 100], [200, 2000, 200]);
/** The state that goes to a bucket, in MB. */
const TO_BUCKET = effort.choose(600, 1200);

/** Writes its own peak when it ends: the engine ends a provider with SIGINT. */
const PEAK = `
const fs = require("node:fs");
if (/dynamic-provider/.test(process.argv[1] ?? "")) {
  const write = () => fs.writeFileSync(process.env.PEAK_FILE + "." + process.pid, String(process.resourceUsage().maxRSS * 1024));
  setInterval(write, 50).unref();
  process.on("SIGINT", () => { write(); process.exit(0); });
}
`;

/** What a large archive costs the provider's process, over a dynamic provider that does nothing. */
describe("the provider's memory", function () {
  this.timeout(300_000);
  let consul: LyingConsul;
  let stateBytes = SMALL * MB;
  /** Saves are answered only when this many have been asked for, so that they really are at once. */
  let atOnce = 1;
  let waiting: (() => void)[] = [];

  before(async () => {
    consul = await lyingConsul((response, headers) => {
      waiting.push(() => {
        response.writeHead(200, headers);
        generatedArchive(stateBytes).pipe(response);
      });
      if (waiting.length < atOnce) return;
      for (const answer of waiting) answer();
      waiting = [];
    });
  });
  after(() => consul.stop());

  /** Peak resident bytes of the provider process of one `up`. */
  async function peakOf(program: string, env: Readonly<Record<string, string>> = {}): Promise<number> {
    const config = {
      "consul:address": consul.address,
      // Ten are to be at once.
      "consul-snapshot:maxConcurrent": "10",
      "consul-snapshot:maxConcurrentPerAddress": "10",
    };
    const project = await PulumiProject.create(program, { config, env });
    try {
      const hook = project.path("peak.cjs");
      await writeFile(hook, PEAK);
      await project.up({ NODE_OPTIONS: `--require ${hook}`, PEAK_FILE: project.path("peak"), PULUMI_PARALLEL: "16" });
      const files = (await readdir(project.dir)).filter((name) => /^peak\.\d+$/.test(name));
      const peaks = await Promise.all(files.map(async (name) => Number(await readFile(project.path(name), "utf8"))));
      return Math.max(...peaks);
    } finally {
      await project.remove();
    }
  }

  const saves = (count: number): string =>
    Array.from({ length: count }, (_, at) => `new ConsulSnapshot("backup-${at}", { target: "./backups/" });`).join(
      "\n",
    );
  const NOTHING = `
const provider = { create: async (inputs) => ({ id: "x", outs: inputs }) };
new pulumi.dynamic.Resource(provider, "minimal", {}, {});
`;

  /**
   * The smaller peak of two runs, the second only if the first was above the limit: how late V8 collects what is no longer
   * used is chance, but what grows with the archive is there in each run.
   */
  async function costOf(
    program: string,
    minimal: number,
    limit: number,
    env?: Record<string, string>,
  ): Promise<number> {
    const first = (await peakOf(program, env)) - minimal;
    if (first <= limit * MB) return first;
    console.log(`      ${(first / MB).toFixed(0)} MB at first`);
    return Math.min(first, (await peakOf(program, env)) - minimal);
  }

  it(`stays flat: ${SMALL} MB cost at most 100 MB, ${LARGE} MB no more, and ten of ${EACH_OF_TEN} MB at once at most 250 MB`, async () => {
    const minimal = await peakOf(NOTHING);
    const one = await costOf(saves(1), minimal, 100);
    atOnce = 10;
    stateBytes = EACH_OF_TEN * MB;
    const ten = await costOf(saves(10), minimal, 250);
    atOnce = 1;
    stateBytes = LARGE * MB;
    const large = await costOf(saves(1), minimal, 100);
    console.log(
      `      over a minimal provider's ${(minimal / MB).toFixed(0)} MB: one ${(one / MB).toFixed(0)} MB, a large one ${(large / MB).toFixed(0)} MB, ten at once ${(ten / MB).toFixed(0)} MB`,
    );
    expect(one / MB, "one").to.be.at.most(100);
    expect(large / MB, "a large one").to.be.at.most(100);
    expect(ten / MB, "ten at once").to.be.at.most(250);
  });

  // fake-gcs-server's time grows faster than an object: that memory stays flat there is in the contract's suite.
  for (const { kind, encrypted } of effort.choose(
    [{ kind: versitygw, encrypted: true }],
    [
      { kind: versitygw, encrypted: false },
      { kind: versitygw, encrypted: true },
      { kind: azurite, encrypted: false },
    ],
  )) {
    it(`is at most 150 MB for ${TO_BUCKET} MB to ${kind.name}${encrypted ? ", encrypted" : ""}`, async () => {
      const server = await kind.start();
      try {
        stateBytes = TO_BUCKET * MB;
        const encryption = encrypted ? { recipients: [(await keyPair()).recipient] } : undefined;
        const args = JSON.stringify({ target: server.url("large/"), encryption });
        const minimal = await peakOf(NOTHING);
        const peak = await costOf(`new ConsulSnapshot("backup", ${args});`, minimal, 150, server.env);
        console.log(`      ${(peak / MB).toFixed(0)} MB over a minimal provider's`);
        expect(peak / MB).to.be.at.most(150);
      } finally {
        await server.stop();
      }
    });
  }
});
