import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { readWhole } from "../../provider/archive/readWhole";
import { manifestKey } from "../../provider/catalog/manifest";
import { openStore } from "../../provider/store/backends";
import { parseLocation } from "../../provider/store/location";
import type { Store } from "../../provider/store/store";
import { effort } from "../support/effort";
import { startStoreProxy, type Step } from "../support/faults/storeProxy";
import { versitygw } from "../support/stores/s3";
import type { StoreServer } from "../support/stores/stores";
import { simulate } from "../support/agent/simulation";

const HOUR_MS = 3_600_000;
const START = Date.parse("2026-11-23T00:00:00.000Z");
const time = (hours: number): string => new Date(START + hours * HOUR_MS).toISOString();

/** From the step on no request reaches the store, as when the process is killed there. */
describe("an agent that is killed while it saves to a bucket", function () {
  this.timeout(180_000);
  let server: StoreServer;
  let store: Store;
  const aws = { accessKeyId: "KEY12345", secretAccessKey: "SECRET12345" };
  before(async () => {
    server = await versitygw.start();
    store = await openStore(parseLocation(server.url("")), { credentials: { aws } });
  });
  after(async () => {
    store.close();
    await server.stop();
  });

  /** An agent that begins at an hour, with two archives of its own to retain. */
  const agentAt = (hours: number, folder: string, port: number) =>
    simulate({
      start: time(hours),
      config: {
        snapshot: { interval: "1h", retain: 2 },
        aws_storage: {
          access_key_id: aws.accessKeyId,
          secret_access_key: aws.secretAccessKey,
          s3_bucket: "bucket",
          s3_region: "us-east-1",
          s3_endpoint: `http://127.0.0.1:${port}`,
          s3_force_path_style: true,
          s3_key_prefix: folder,
        },
      },
    });
  async function keysIn(folder: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of store.list(`${folder}/consul-`)) keys.push(key);
    return keys;
  }
  /** The hours of the archives in a folder, each of which is valid. */
  async function hoursIn(folder: string): Promise<number[]> {
    const hours: number[] = [];
    for (const key of (await keysIn(folder)).filter((each) => each.endsWith(".snap"))) {
      await readWhole(store.read(key));
      hours.push((Number(/-(\d{13})/.exec(key)?.[1]) - START) / HOUR_MS);
    }
    return hours.sort((a, b) => a - b);
  }
  /** Two archives are there, and the third save is the one that is killed. */
  async function prepare(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      await agentAt(0, folder, server.port).leadUntil(time(1.5));
      expect(await hoursIn(folder)).to.deep.equal([0, 1]);
    }
    // The server counts times in seconds, and retention removes only what is older than the new archive.
    await delay(1000);
  }

  it("leaves only valid archives at each of its requests, and the next agent saves and retains as it should", async () => {
    await prepare(["whole"]);
    const counted = await startStoreProxy(server.port);
    await agentAt(2, "whole", counted.port).leadUntil(time(2.5));
    await counted.stop();
    expect(await hoursIn("whole")).to.deep.equal([1, 2]);
    expect(counted.requests.length).to.be.greaterThan(8);
    const sides = effort.choose(["before"] as const, ["before", "after"] as const);
    const steps = counted.requests.flatMap((_, at) => sides.map((side) => ({ request: at + 1, side })));
    const folderOf = ({ side, request }: Step): string => `${side}-${request}`;
    await prepare(steps.map(folderOf));
    for (const step of steps) {
      const folder = folderOf(step);
      const proxy = await startStoreProxy(server.port);
      const killed = new AbortController();
      const reached = proxy.reach(step);
      const run = agentAt(2, folder, proxy.port).leadUntil(time(2.5), killed.signal);
      await reached;
      killed.abort();
      await proxy.stop();
      await run;
      const left = await hoursIn(folder);
      expect(
        [
          [0, 1],
          [0, 1, 2],
          [1, 2],
        ],
        folder,
      ).to.deep.include(left);
      const next = agentAt(3, folder, server.port);
      await next.leadUntil(time(3.5));
      expect(next.lines.filter((line) => line.includes("[ERROR]"))).to.deep.equal([]);
      expect(await hoursIn(folder), folder).to.deep.equal([left.includes(2) ? 2 : 1, 3]);
      expect(await keysIn(folder), folder).to.include(manifestKey((await keysIn(folder)).at(-2)!));
    }
  });
});
