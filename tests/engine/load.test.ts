import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { expect } from "chai";
import { until } from "../support/consul/consul";
import { realArchive } from "../support/faults/heldConsul";
import { type LyingConsul, lyingConsul } from "../support/faults/lyingConsul";
import { PulumiProject } from "../support/pulumi/project";

const PROGRAM = `
for (const name of ["a", "b", "c", "d", "e"]) new ConsulSnapshot(name, { target: "./backups/" });
`;

/** How many resources say this on their row. */
function saying(sentence: string, output: string): number {
  const rows = output.split("\n").filter((row) => row.includes(sentence));
  return new Set(rows.map((row) => /\S+(?= creating)/.exec(row)?.[0])).size;
}

describe("several snapshots of one Consul", function () {
  this.timeout(120_000);
  let archive: Buffer;
  let consul: LyingConsul;
  let project: PulumiProject;
  /** Saves that are being answered now, and the most that ever were. */
  let running = 0;
  let most = 0;
  /** Saves are answered only when so many are waiting. */
  let together = 1;
  let held: ServerResponse[] = [];
  /** The save, counted from 1, that gets no archive. */
  let broken = 0;
  /** Nothing is answered before this. */
  let opened: Promise<unknown> = Promise.resolve();

  before(async () => {
    archive = await realArchive();
  });
  beforeEach(async () => {
    [running, most, together, held, broken, opened] = [0, 0, 1, [], 0, Promise.resolve()];
    const answer = async (response: ServerResponse, headers: Readonly<Record<string, string>>): Promise<void> => {
      most = Math.max(most, ++running);
      await opened;
      response.writeHead(200, headers);
      held.push(response);
      if (held.length < together) return;
      for (const each of held) {
        each.end(consul.asked() === broken ? archive.subarray(0, 100) : archive);
        running--;
      }
      held = [];
    };
    consul = await lyingConsul((response, headers) => void answer(response, headers));
  });
  afterEach(async () => {
    await project.remove();
    await consul.stop();
  });

  async function create(config: Readonly<Record<string, string>> = {}): Promise<void> {
    project = await PulumiProject.create(PROGRAM, {
      config: { "consul:address": consul.address, ...config },
      env: { PULUMI_PARALLEL: "16" },
    });
  }

  it("are taken one by one, each says what it waits for, and one that fails does not stop the others", async () => {
    await create();
    broken = 2;
    const { child, output } = project.start(["up", "--yes", "--skip-preview"]);
    const ended = once(child, "close");
    const sentence = `waiting for another snapshot of http://${consul.address}`;
    // Pulumi begins nothing more after a failure: all must wait before there is one.
    opened = until("four to wait for the first", () => Promise.resolve(saying(sentence, output()) === 4 || undefined));
    expect(await ended).to.not.deep.equal([0, null]);
    const text = output();
    expect(text).to.match(/ARCHIVE_|CONSUL_/);
    expect(consul.asked()).to.equal(5);
    expect(most).to.equal(1);
    expect(await project.resources()).to.have.lengthOf(4);
  });

  it("are all tried, though one fails and Pulumi begins only two at once, when it is told to go on", async () => {
    await create();
    broken = 1;
    const { code, text } = await project.run([
      "up",
      "--yes",
      "--skip-preview",
      "--continue-on-error",
      "--parallel",
      "2",
    ]);
    expect(code, text).to.not.equal(0);
    expect(await project.resources()).to.have.lengthOf(4);
  });

  it("are taken together when stack configuration allows it", async () => {
    await create({ "consul-snapshot:maxConcurrent": "5", "consul-snapshot:maxConcurrentPerAddress": "5" });
    together = 5;
    await project.up();
    expect(most).to.equal(5);
    expect(await project.resources()).to.have.lengthOf(5);
  });

  it("are refused in the preview when the configuration is no number", async () => {
    await create({ "consul-snapshot:maxConcurrent": "many" });
    const { code, text } = await project.run(["preview"]);
    expect(code).to.not.equal(0);
    expect(text).to.include("consul-snapshot:maxConcurrent must be a positive integer: set it, or remove it for 4");
    expect(text).to.not.match(/\n\s+at /);
  });
});

describe("snapshots of more Consuls than may be saved at once", function () {
  this.timeout(240_000);

  it("are taken four at once, the others say that they wait, and one that fails does not stop them", async () => {
    const archive = await realArchive();
    let holding = true;
    const held: (() => void)[] = [];
    const consuls = await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        lyingConsul((response, headers) => {
          response.writeHead(200, headers);
          const answer = (): void => void response.end(at === 0 ? archive.subarray(0, 100) : archive);
          if (holding) held.push(answer);
          else answer();
        }),
      ),
    );
    const project = await PulumiProject.create(
      `for (const address of env.ADDRESSES.split(" ")) new ConsulSnapshot(address, { target: "./backups/", connection: { address } });`,
      { env: { ADDRESSES: consuls.map(({ address }) => address).join(" ") } },
    );
    try {
      const { child, output } = project.start(["up", "--yes", "--skip-preview", "--parallel", "16"]);
      const ended = new Promise((done) => child.on("close", done));
      const waiting = () => saying("waiting for one of 4 other snapshots", output());
      await until("two to wait for the other four", () => {
        if (child.exitCode !== null) throw new Error(output());
        return Promise.resolve(held.length >= 4 && waiting() >= 2 ? true : undefined);
      });
      expect(held).to.have.lengthOf(4);
      holding = false;
      for (const answer of held) answer();
      await ended;
      expect(output()).to.match(/CONSUL_|ARCHIVE_/);
      expect(await project.resources()).to.have.lengthOf(5);
    } finally {
      await project.remove();
      await Promise.all(consuls.map((consul) => consul.stop()));
    }
  });
});
