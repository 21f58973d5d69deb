import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readConfig } from "../../../agent/config/config";
import { readFlags } from "../../../agent/config/flags";
import { readNewest } from "../../../agent/lastSaved";
import { OwnCluster } from "../../../agent/ownCluster";
import { SnapshotError } from "../../../provider/errors";
import { openStore } from "../../../provider/store/backends";
import { parseLocation } from "../../../provider/store/location";
import { keepAt } from "../../support/archives/prunedArchives";
import { temporaryFolder } from "../../support/programs/saving";
import { type Simulation, simulate } from "../../support/agent/simulation";
import { countStores } from "../../support/stores/countedBackend";

const HOUR_MS = 3_600_000;
const MONDAY = "2026-11-23T00:00:00.000Z";
const hoursLater = (hours: number): string => new Date(Date.parse(MONDAY) + hours * HOUR_MS).toISOString();
const full = new SnapshotError("STORE_FULL", "there is no space left", "Free some.");
const unreachable = new SnapshotError("CONSUL_UNREACHABLE", "nothing accepts connections", "Start Consul.");

describe("an agent that leads", function () {
  this.timeout(120_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());
  const path = (name: string): string => join(folder.path, name);

  /** The hours since Monday of the archives in a folder. */
  async function hoursIn(name: string): Promise<number[]> {
    const names = (await readdir(path(name)).catch(() => [])).filter((each) =>
      /^consul-\d{19}\.snap(\.age)?$/.test(each),
    );
    const times = names.map((each) => Number(/\d{13}/.exec(each)?.[0]));
    return times.map((time) => (time - Date.parse(MONDAY)) / HOUR_MS).sort((a, b) => a - b);
  }

  it("takes a snapshot on demand also where it has only begun to lead, and none where it does not", async () => {
    const run = simulate({
      start: MONDAY,
      config: { snapshot: { interval: "1h" }, backup_destinations: { local_storage: [{ path: path("a") }] } },
    });
    expect(run.trigger()).to.equal(false);
    await run.leadUntil(hoursLater(0.5));
    const leading = run.leadUntil(hoursLater(0.75));
    expect(run.trigger()).to.equal(true);
    await leading;
    expect(await hoursIn("a")).to.deep.equal([0, 0.5]);
  });

  it("has after a week in each of four destinations what its schedule and its policy want", async () => {
    const run = simulate({
      start: MONDAY,
      config: {
        snapshot: { interval: "1h", retain: 5 },
        backup_destinations: {
          local_storage: [
            { name: "recent", path: path("recent") },
            { name: "days", path: path("days"), retention: { keepLast: 2, keepDaily: 3 } },
            { name: "nights", path: path("nights"), schedule: "30 2 * * *", retain: 0 },
            { name: "every 36 hours", path: path("rare"), interval: "36h", retain: 2 },
          ],
        },
      },
    });
    expect(await run.leadUntil(hoursLater(168))).to.equal(false);
    expect(await hoursIn("recent")).to.deep.equal([163, 164, 165, 166, 167]);
    expect(await hoursIn("days")).to.deep.equal([119, 143, 166, 167]);
    expect(await hoursIn("nights")).to.deep.equal([0, 2.5, 26.5, 50.5, 74.5, 98.5, 122.5, 146.5]);
    expect(await hoursIn("rare")).to.deep.equal([108, 144]);
    // One snapshot for all that are due at a time.
    expect(run.taken).to.have.lengthOf(168 + 7);
    expect(run.board.destinations.map(({ successes, failures }) => [successes, failures])).to.deep.equal([
      [168, 0],
      [168, 0],
      [8, 0],
      [5, 0],
    ]);
    expect(run.lines.filter((line) => /\[(WARN|ERROR)\]/.test(line))).to.deep.equal([]);
  });

  it("does not let a full destination stop another, and gives it the same archive once there is room", async () => {
    const free = Date.parse(hoursLater(1)) + 20 * 60_000;
    const run = simulate({
      start: MONDAY,
      config: {
        snapshot: { interval: "1h", max_failures: 0 },
        backup_destinations: {
          local_storage: [
            { name: "a", path: path("a") },
            { name: "b", path: path("b") },
          ],
        },
      },
      beforeDelivery: ({ name }, now) => {
        if (name === "b" && now.getTime() < free) throw full;
      },
    });
    await run.leadUntil(hoursLater(4));
    expect(await hoursIn("a")).to.deep.equal([0, 1, 2, 3]);
    expect(await hoursIn("b")).to.deep.equal([1, 2, 3]);
    expect(run.taken).to.have.lengthOf(4);
    expect(run.completed()).to.equal(3);
    const [a, b] = run.board.destinations;
    expect(a).to.deep.include({ failures: 0, consecutiveErrors: 0 });
    expect(b!.errorsByCode.get("STORE_FULL")).to.be.greaterThan(2);
    expect(b).to.deep.include({ consecutiveErrors: 0 });
    expect(b!.lastError).to.equal(undefined);
  });

  it("counts as complete only while no destination lacks its newest snapshot, also one that is due less often", async () => {
    const free = Date.parse(hoursLater(5)) + 20 * 60_000;
    const run = simulate({
      start: MONDAY,
      config: {
        snapshot: { interval: "1h", max_failures: 0 },
        backup_destinations: {
          local_storage: [
            { name: "hourly", path: path("a") },
            { name: "daily", path: path("b"), interval: "24h" },
          ],
        },
      },
      beforeDelivery: ({ name }, now) => {
        if (name === "daily" && now.getTime() < free) throw full;
      },
    });
    await run.leadUntil(hoursLater(5.25));
    expect(await hoursIn("a")).to.deep.equal([0, 1, 2, 3, 4, 5]);
    expect(run.completed()).to.equal(0);
    // The new leader knows that the daily snapshot is missing: it is taken at once, and sent until it arrives.
    await run.leadUntil(hoursLater(7.5));
    expect(await hoursIn("b")).to.deep.equal([5.25]);
    // The arrival of what was missing, and the hours 6 and 7.
    expect(run.completed()).to.equal(3);
  });

  /** An agent of two destinations loses its leadership after an hour and a half; `daily` received nothing until then. */
  function interrupted(
    own: object,
    fails: (now: Date) => boolean,
    listingFails: (now: Date) => boolean = () => false,
  ): Simulation {
    return simulate({
      start: MONDAY,
      config: {
        snapshot: { interval: "1h", max_failures: 0 },
        backup_destinations: {
          local_storage: [
            { name: "hourly", path: path("a") },
            { name: "daily", path: path("b"), ...own },
          ],
        },
      },
      beforeDelivery: ({ name }, now) => {
        if (name === "daily" && fails(now)) throw full;
      },
      listingFails: ({ name }, now) => name === "daily" && listingFails(now),
    });
  }
  const untilHour =
    (hours: number) =>
    (now: Date): boolean =>
      now.getTime() < Date.parse(hoursLater(hours));

  it("sends what a destination lacks when it leads again, whatever its schedule, and whether it can be listed or not", async () => {
    for (const [own, listingFails] of [
      [{ interval: "24h" }, untilHour(0)],
      [{ interval: "24h" }, untilHour(9)],
      [{ schedule: "0 1 * * *" }, untilHour(0)],
      [{ schedule: "0 1 * * *" }, untilHour(9)],
    ] as const) {
      await rm(path("b"), { recursive: true, force: true });
      const run = interrupted(own, untilHour(1.5), listingFails);
      await run.leadUntil(hoursLater(1.5));
      expect(await hoursIn("b")).to.deep.equal([]);
      await run.leadUntil(hoursLater(2.5));
      expect(await hoursIn("b"), JSON.stringify(own)).to.deep.equal([1.5]);
    }
  });

  it("sends a snapshot on demand that did not arrive when it leads again", async () => {
    const onDemand = (now: Date): boolean => !untilHour(1)(now) && untilHour(1.5)(now);
    const run = interrupted({ interval: "24h" }, onDemand);
    await run.leadUntil(hoursLater(1.25));
    const leading = run.leadUntil(hoursLater(1.5));
    expect(run.trigger()).to.equal(true);
    await leading;
    expect(await hoursIn("b")).to.deep.equal([0]);
    await run.leadUntil(hoursLater(2.5));
    expect(await hoursIn("b")).to.deep.equal([0, 1.5]);
  });

  it("takes a snapshot at once where there is no restorable archive, also by a cron schedule, and else when it is due", async () => {
    const start = hoursLater(4);
    for (const [snapshot, second] of [
      [{ interval: "24h" }, 28],
      [{ schedule: "0 1 * * *" }, 25],
    ] as const) {
      const config = { snapshot, local_storage: { path: path("a") } };
      const run = simulate({ start, config });
      await run.leadUntil(hoursLater(4.5));
      expect(await hoursIn("a"), JSON.stringify(snapshot)).to.deep.equal([4]);
      expect(run.board.destinations[0]!.nextStart).to.deep.equal(new Date(hoursLater(second)));
      // Another agent finds the archive.
      await simulate({ start: hoursLater(5), config }).leadUntil(hoursLater(24));
      expect(await hoursIn("a"), JSON.stringify(snapshot)).to.deep.equal([4]);
      // An archive of the future is not judged.
      await simulate({ start: MONDAY, config }).leadUntil(hoursLater(0.5));
      expect(await hoursIn("a"), JSON.stringify(snapshot)).to.deep.equal([0, 4]);
      await rm(path("a"), { recursive: true });
    }
  });

  it("takes nothing again that another agent has saved meanwhile", async () => {
    const own = { interval: "24h" };
    const run = interrupted(own, untilHour(1.5));
    await run.leadUntil(hoursLater(1.5));
    const other = simulate({ start: hoursLater(2), config: { local_storage: { path: path("b") } } });
    await other.leadUntil(hoursLater(2.5));
    run.skipTo(hoursLater(3));
    await run.leadUntil(hoursLater(25.5));
    expect(await hoursIn("b")).to.deep.equal([2]);
    await run.leadUntil(hoursLater(26.5));
    expect(await hoursIn("b")).to.deep.equal([2, 26]);
  });

  it("gives up after max_failures rounds, and says so", async () => {
    const run = simulate({
      start: MONDAY,
      config: { snapshot: { interval: "1h", max_failures: 3 }, local_storage: { path: path("a") } },
      beforeDelivery: () => {
        throw full;
      },
    });
    expect(await run.leadUntil(hoursLater(24))).to.equal(true);
    expect(run.taken.map((time) => time.toISOString())).to.deep.equal([hoursLater(0), hoursLater(1), hoursLater(2)]);
    expect(run.lines.at(-1)).to.include("gave up leadership after 3 failures in a row");
    expect(await hoursIn("a")).to.deep.equal([]);
  });

  it("tries again with growing pauses while Consul is down for an hour, and goes on in its rhythm", async () => {
    const [from, to] = [Date.parse(hoursLater(2)), Date.parse(hoursLater(3))];
    const run = simulate({
      start: MONDAY,
      config: { snapshot: { interval: "1h", max_failures: 0 }, local_storage: { path: path("a") } },
      consulFails: (now) => (now.getTime() >= from && now.getTime() < to ? unreachable : undefined),
    });
    await run.leadUntil(hoursLater(6));
    const failures = run.lines.filter((line) => line.includes("no snapshot could be taken")).length;
    expect(failures).to.be.within(5, 8);
    expect(await hoursIn("a")).to.deep.equal([0, 1, 3, 4, 5]);
    expect(run.board.takeErrorsByCode.get("CONSUL_UNREACHABLE")).to.equal(failures);
  });

  it("goes on after a restart where it was: not at once, and not late", async () => {
    const config = { snapshot: { interval: "6h" }, local_storage: { path: path("a") } };
    await simulate({ start: MONDAY, config }).leadUntil(hoursLater(8));
    await simulate({ start: hoursLater(9), config }).leadUntil(hoursLater(13));
    expect(await hoursIn("a")).to.deep.equal([0, 6, 12]);
    // It was down for a day: one snapshot at once.
    await simulate({ start: hoursLater(40), config }).leadUntil(hoursLater(45));
    expect(await hoursIn("a")).to.deep.equal([0, 6, 12, 40]);
  });

  it("delays each snapshot by a part of the jitter, and keeps its rhythm", async () => {
    const config = { snapshot: { schedule: "0 * * * *", jitter: "10m" }, local_storage: { path: path("a") } };
    const run = simulate({ start: MONDAY, config, random: () => 0.5 });
    await run.leadUntil(hoursLater(4));
    // It leads again before and after a time by the schedule: a snapshot that is late is not delayed.
    run.skipTo(hoursLater(4.5));
    await run.leadUntil(hoursLater(5.5));
    const times = run.taken.map((time) => time.toISOString().slice(11, 16));
    expect(times).to.deep.equal(["00:00", "01:05", "02:05", "03:05", "04:30", "05:05"]);
  });

  it("takes one snapshot for destinations with the same schedule, whatever their jitter and their listings", async () => {
    const names = ["a", "b", "c"];
    for (const snapshot of [
      { interval: "1h", jitter: "10m" },
      { interval: "1h" },
      { schedule: "0 * * * *", jitter: "10m" },
    ]) {
      let draws = 0;
      const run = simulate({
        start: MONDAY,
        config: {
          snapshot: { ...snapshot, retain: 0 },
          backup_destinations: { local_storage: names.map((name) => ({ name, path: path(name) })) },
        },
        random: () => [0.1, 0.5, 0.9, 0.3][draws++ % 4]!,
        listingMs: ({ name }) => names.indexOf(name) * 20,
      });
      await run.leadUntil(hoursLater(4));
      const [first, ...others] = await Promise.all(names.map(hoursIn));
      expect(run.taken, JSON.stringify(snapshot)).to.have.length(4);
      expect(first).to.have.length(run.taken.length);
      for (const other of others) expect(other).to.deep.equal(first);
      // A snapshot of each hour has a delay of its own.
      if ("jitter" in snapshot) expect(new Set(first!.map((hour) => (hour % 1).toFixed(3))).size).to.be.greaterThan(2);
      for (const name of names) await rm(path(name), { recursive: true });
    }
  });

  it("goes on when the clock is set back or forward while it leads", async () => {
    const [hourly, cron] = [{ interval: "1h" }, { schedule: "0 * * * *" }];
    for (const [snapshot, byHours, expected] of [
      // The next snapshot is an hour after the last one; then the clock shows 21 hours earlier.
      [hourly, -24, [0, 1, 2, -21, -20, -19]],
      [cron, -24, [0, 1, 2, -20, -19]],
      // Less than an interval is waited for.
      [hourly, -0.5, [0, 1, 2, 3, 4]],
      [cron, -0.75, [0, 1, 2, 3, 4]],
      // One snapshot stands for all that were missed.
      [hourly, 24, [0, 1, 2, 26.5, 27.5, 28.5]],
      [cron, 24, [0, 1, 2, 26.5, 27, 28, 29]],
    ] as const) {
      const run = simulate({
        start: MONDAY,
        config: { snapshot: { ...snapshot, retain: 0, max_failures: 0 }, local_storage: { path: path("a") } },
        clockSet: { at: hoursLater(2.5), byMs: byHours * HOUR_MS },
      });
      await run.leadUntil(hoursLater(5.25));
      const hours = run.taken.map((time) => (time.getTime() - Date.parse(MONDAY)) / HOUR_MS);
      expect(hours, `${JSON.stringify(snapshot)} ${byHours}`).to.deep.equal(expected);
      await rm(path("a"), { recursive: true });
    }
  });

  it("sends a pending archive again when the clock was set back", async () => {
    const run = simulate({
      start: MONDAY,
      config: { snapshot: { schedule: "0 1 * * *", max_failures: 0 }, local_storage: { path: path("a") } },
      clockSet: { at: hoursLater(1.5), byMs: -12 * HOUR_MS },
      beforeDelivery: (_, now) => {
        if (!untilHour(1)(now)) throw full;
      },
    });
    await run.leadUntil(hoursLater(3));
    expect(await hoursIn("a")).to.deep.equal([0, 1]);
  });

  it("finds the newest archive that is not of the future, for its health", async () => {
    const config = { backup_destinations: { local_storage: [{ path: path("a") }] } };
    await simulate({ start: MONDAY, config }).leadUntil(hoursLater(2.5));
    const text = JSON.stringify({ snapshot_agent: config });
    const [destination] = readConfig([{ file: "agent.json", text }], readFlags([]), { env: {} }).destinations;
    const newestAt = (hours: number) =>
      readNewest(destination!, {
        cluster: new OwnCluster(),
        now: new Date(hoursLater(hours)),
        signal: new AbortController().signal,
      });
    const two = new Date(hoursLater(2));
    expect(await newestAt(2.5)).to.deep.equal({ takenAt: two, restorableAt: two });
    expect(await newestAt(1.5)).to.deep.equal({ takenAt: two, restorableAt: new Date(hoursLater(1)) });
  });

  it("counts no archive that somebody has added, for its schedule and its health", async () => {
    const config = { snapshot: { interval: "1h" }, backup_destinations: { local_storage: [{ path: path("a") }] } };
    await simulate({ start: MONDAY, config }).leadUntil(hoursLater(0.25));
    const store = await openStore(parseLocation(`${path("a")}/`));
    const key = `${path("a")}/consul-1795469451610000000.snap`;
    const about = { takenAt: new Date(hoursLater(0.9)), index: 5000, series: "consul-snapshot-agent/consul-snapshot" };
    await keepAt(store, key, { ...about, servers: ["75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11"] });
    store.close();
    const again = simulate({ start: hoursLater(0.95), config });
    await again.leadUntil(hoursLater(1.25));
    expect(again.taken.map(String)).to.deep.equal([String(new Date(hoursLater(1)))]);
    const text = JSON.stringify({ snapshot_agent: config });
    const [destination] = readConfig([{ file: "agent.json", text }], readFlags([]), { env: {} }).destinations;
    await rm(key.replace(/consul-\d+/, `consul-${again.taken[0]!.getTime()}000001`));
    const reading = { cluster: new OwnCluster(), now: new Date(hoursLater(1.5)), signal: new AbortController().signal };
    expect((await readNewest(destination!, reading)).restorableAt).to.deep.equal(new Date(MONDAY));
  });

  it("counts no archive of another cluster at its destination, for its schedule and its health", async () => {
    const config = { snapshot: { interval: "1h" }, backup_destinations: { local_storage: [{ path: path("a") }] } };
    const clusterOf = (id: string): OwnCluster => {
      const cluster = new OwnCluster();
      cluster.learn({ serverIds: [id] });
      return cluster;
    };
    const [same, other] = [clusterOf("75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11"), clusterOf("another")];
    await simulate({ start: MONDAY, config, cluster: same }).leadUntil(hoursLater(0.25));
    const saver = simulate({ start: hoursLater(0.5), config, cluster: other });
    await saver.leadUntil(hoursLater(0.75));
    expect(saver.taken.map(String)).to.deep.equal([String(new Date(hoursLater(0.5)))]);
    const again = simulate({ start: hoursLater(0.75), config, cluster: same });
    await again.leadUntil(hoursLater(1));
    expect(again.taken).to.deep.equal([]);
    const text = JSON.stringify({ snapshot_agent: config });
    const [destination] = readConfig([{ file: "agent.json", text }], readFlags([]), { env: {} }).destinations;
    const reading = { now: new Date(hoursLater(1)), signal: new AbortController().signal };
    expect(await readNewest(destination!, { ...reading, cluster: other })).to.deep.equal({});
    expect(await readNewest(destination!, { ...reading, cluster: same })).to.have.property("restorableAt");
  });

  it("reads each manifest once, and once more before its archive is removed", async () => {
    const counts = countStores();
    const target = "counted://manifests/week/consul-{index}.snap";
    const run = simulate({
      start: MONDAY,
      config: { snapshot: { interval: "1h", retain: 5 }, backup_destinations: { targets: [{ target }] } },
    });
    await run.leadUntil(hoursLater(9.5));
    // It lists once more when it leads again.
    await run.leadUntil(hoursLater(10.5));
    expect(run.taken).to.have.length(11);
    const manifests = counts.read.filter((location) => location.endsWith(".manifest.json"));
    const times = [...new Set(manifests)].map((each) => manifests.filter((location) => location === each).length);
    expect(times).to.deep.equal([2, 2, 2, 2, 2, 2, 1, 1, 1, 1]);
  });

  it("keeps no temporary file open when it ends", async () => {
    const run = simulate({
      start: MONDAY,
      config: { snapshot: { interval: "1h", max_failures: 0 }, local_storage: { path: path("a") } },
      beforeDelivery: () => {
        throw full;
      },
    });
    const before = await openTemporaryFiles();
    await run.leadUntil(hoursLater(3));
    expect(await openTemporaryFiles()).to.equal(before);
  });
});

/** Linux shows what a process has open. */
async function openTemporaryFiles(): Promise<number> {
  const { readlink } = await import("node:fs/promises");
  const links = await Promise.all(
    (await readdir("/proc/self/fd").catch(() => [])).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  return links.filter((link) => link.includes(".consul-snapshot-")).length;
}
