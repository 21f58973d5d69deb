import { readdir, readFile, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { keyPair } from "../encryption/keys";
import { generatedArchive } from "../support/generatedArchive";
import { type LyingConsul, lyingConsul } from "../support/lyingConsul";
import { PulumiProject } from "../support/pulumi";
import { azurite } from "../support/stores-azure";
import { versitygw } from "../support/stores-s3";

const MB = 1024 * 1024;

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
  let stateBytes = 200 * MB;
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

  it("stays flat: 200 MB cost at most 100 MB, ten times as much no more, and ten at once at most 250 MB", async () => {
    const minimal = await peakOf(NOTHING);
    const one = (await peakOf(saves(1))) - minimal;
    atOnce = 10;
    const ten = (await peakOf(saves(10))) - minimal;
    atOnce = 1;
    stateBytes *= 10;
    const large = (await peakOf(saves(1))) - minimal;
    console.log(
      `      over a minimal provider's ${(minimal / MB).toFixed(0)} MB: 200 MB ${(one / MB).toFixed(0)} MB, 2 GB ${(large / MB).toFixed(0)} MB, ten of 200 MB at once ${(ten / MB).toFixed(0)} MB`,
    );
    expect(one / MB, "one of 200 MB").to.be.at.most(100);
    expect(large / MB, "one of 2 GB").to.be.at.most(100);
    expect(ten / MB, "ten of 200 MB at once").to.be.at.most(250);
  });

  // fake-gcs-server's time grows faster than an object: that memory stays flat there is in the contract's suite.
  for (const { kind, encrypted } of [
    { kind: versitygw, encrypted: false },
    { kind: versitygw, encrypted: true },
    { kind: azurite, encrypted: false },
  ]) {
    it(`is at most 150 MB for 1.2 GB to ${kind.name}${encrypted ? ", encrypted" : ""}`, async () => {
      const server = await kind.start();
      try {
        stateBytes = 1200 * MB;
        const encryption = encrypted ? { recipients: [(await keyPair()).recipient] } : undefined;
        const args = JSON.stringify({ target: server.url("large/"), encryption });
        const peak = (await peakOf(`new ConsulSnapshot("backup", ${args});`, server.env)) - (await peakOf(NOTHING));
        console.log(`      ${(peak / MB).toFixed(0)} MB over a minimal provider's`);
        expect(peak / MB).to.be.at.most(150);
      } finally {
        await server.stop();
      }
    });
  }
});
