/** Pruning where others keep their archives too, on each store: with locks, and with a fault in its middle. */

import { CreateBucketCommand, PutObjectLegalHoldCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { parseLocation } from "../../provider/store/location";
import type { Store } from "../../provider/store/store";
import { manifestKey } from "../../provider/catalog/manifest";
import { inParallel } from "../../provider/store/inParallel";
import { Ground, listed, stream } from "../support/stores/ground";
import { STORES } from "../support/stores/stores";
import { effort } from "../support/effort";
import { folder } from "../support/stores/file";
import { type Refusal, type StoreProxy, startStoreProxy } from "../support/faults/storeProxy";
import { versitygw } from "../support/stores/s3";
import { type About, daysAgo, keepAt, NOW, pruneAfter, type Saved } from "../support/archives/prunedArchives";

/** One of each kind for each of these days: 270 archives, at full count 1,200, which are more than a page of a listing. */
const DAYS = Array.from({ length: effort.choose(45, 200) }, (_, day) => day + 1);

const KINDS: Readonly<Record<string, Partial<About>>> = {
  ours: {},
  organisation: { series: "rival/shop/prod/backup" },
  stack: { series: "acme/shop/staging/backup" },
  safety: { purpose: "safety" },
  cluster: { servers: ["x", "y", "z"] },
};

/** Ours of these days are locked, where a store knows locks. */
const LOCKED = [40, 41, 42];
const KEEP = 20;
/** Deletions before the fault. */
const BEFORE_FAULT = effort.choose(10, 50);
const BUCKET = "lockable";
const ANSWERED = ", but for what a proxy says is locked as the service would";
/** Longer than a test may take: what waits for it fails. */
const PATIENCE_MS = 60 * 60 * 1000;

/** What pruning asks a store for, in its order. */
const REQUESTS: readonly [string, (method: string, path: string) => boolean][] = [
  ["its listing", (method) => method === "GET"],
  ["a manifest", (method, path) => method === "GET" && path.endsWith(".manifest.json")],
  ["an archive that it hashes", (method, path) => method === "GET" && /\.snap(\?|$)/.test(path)],
  ["a deletion", (method) => method === "DELETE"],
];

/** What the services answer to deleting a locked object; their test servers know no locks. */
const LOCK_ANSWERS: Readonly<Record<string, Refusal>> = {
  gs: {
    status: 403,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error: { code: 403, errors: [{ reason: "objectUnderActiveHold" }] } }),
  },
  azblob: { status: 409, headers: { "x-ms-error-code": "BlobImmutableDueToPolicy" }, body: "" },
};

for (const kind of STORES) {
  describe(`pruning in ${kind.name}, where archives of others lie`, function () {
    this.timeout(300_000);
    const ground = new Ground(kind);
    let proxy: StoreProxy | undefined;
    let store: Store;
    let base: string;
    let scheme: string;
    let saved: Saved;
    let before_: string[];

    before(async () => {
      await ground.start();
      const { port } = ground.server;
      if (port !== 0) proxy = await startStoreProxy(port);
      const bucket = kind === versitygw ? BUCKET : "bucket";
      if (kind === versitygw) await atS3((client) => client.send(lockableBucket()));
      store = await ground.client({ bucket, ...(proxy === undefined ? {} : { port: proxy.port }) });
      const place = parseLocation(ground.server.url("many/x", bucket));
      scheme = place.scheme;
      base = place.key.slice(0, -1);
      const signal = new AbortController().signal;
      await inParallel(DAYS, signal, async (day) => {
        const about = { takenAt: daysAgo(day), index: 1000 - day };
        await Promise.all(
          Object.entries(KINDS).map(([name, more]) => keepAt(store, keyOf(name, day), { ...about, ...more })),
        );
        await store.put(keyOf("stranger", day), stream(Buffer.from("an archive")));
      });
      saved = await keepAt(store, keyOf("ours", 0), { takenAt: daysAgo(0), index: 1000 });
      before_ = await keys();
      if (kind === versitygw) await Promise.all(locked().map((key) => atS3((client) => client.send(hold(key)))));
    });
    after(async () => {
      await proxy?.stop();
      await ground.stop();
    });

    async function atS3<T>(work: (client: S3Client) => Promise<T>): Promise<T> {
      const { settings } = parseLocation(ground.server.url("x"));
      const endpoint = `http://${settings.get("endpoint")}`;
      const client = new S3Client({ endpoint, region: settings.get("region")!, forcePathStyle: true });
      return work(client).finally(() => client.destroy());
    }

    const keyOf = (name: string, day: number) => `${base}consul-dc1-${1000 - day}-${name}.snap`;
    /** All but what the runs know of each other. */
    const keys = async () =>
      (await listed(store.list(base))).map(({ key }) => key).filter((key) => !key.endsWith(".retention.json"));
    const locked = () => (proxy === undefined ? [] : LOCKED.map((day) => keyOf("ours", day)));
    const prune = (through: Store, now = NOW, signal = new AbortController().signal) =>
      pruneAfter(through, `${base}consul-{index}-{random}.snap`, saved, { keepLast: KEEP }, { now, signal });

    /** What is there when all is done: everything of others, and of ours the newest and the locked ones. */
    function kept(): string[] {
      const gone = DAYS.filter((day) => day >= KEEP).map((day) => keyOf("ours", day));
      const going = gone.filter((key) => !locked().includes(key)).flatMap((key) => [key, manifestKey(key)]);
      return before_.filter((key) => !going.includes(key));
    }

    async function expectNothingLost(): Promise<void> {
      const there = new Set(await keys());
      expect(kept().filter((key) => !there.has(key))).to.deep.equal([]);
      const ours = DAYS.map((day) => keyOf("ours", day)).filter((key) => there.has(key));
      expect(ours.filter((key) => !there.has(manifestKey(key)))).to.deep.equal([]);
    }

    /** Locks of services whose test servers know none. */
    function refusalOf(method: string, path: string): Refusal | undefined {
      return method === "DELETE" && locked().some((key) => path.endsWith(`/${key}`)) ? LOCK_ANSWERS[scheme] : undefined;
    }

    /** The store as it is when its server, or its disk, goes away in the middle of the deletions. */
    function breaking(): Store {
      let deletions = 0;
      if (proxy === undefined) {
        return {
          ...store,
          async delete(key, options) {
            if (++deletions === BEFORE_FAULT) await ground.server.kill();
            return store.delete(key, options);
          },
        };
      }
      proxy.refuse((method, path) => {
        if (method === "DELETE") deletions++;
        return deletions > BEFORE_FAULT ? "cut" : refusalOf(method, path);
      });
      return store;
    }

    // A folder has no requests to be held.
    for (const [what, isIt] of kind === folder ? [] : REQUESTS) {
      it(`that is interrupted while ${what} waits for a silent store ends at once, and has removed nothing`, async () => {
        const interrupt = new AbortController();
        // One of its own: what had been asked when the signal came must not get through later.
        const silent = await startStoreProxy(ground.server.port);
        const bucket = kind === versitygw ? BUCKET : "bucket";
        const patient = await ground.client({ bucket, port: silent.port, stallMs: PATIENCE_MS });
        let held = false;
        silent.refuse((method, path) => {
          held ||= isIt(method, path);
          if (!held) return undefined;
          interrupt.abort();
          return "hold";
        });
        const { said } = await prune(patient, NOW, interrupt.signal);
        await silent.stop();
        expect(said.warn.join()).to.match(/the snapshot is saved, but pruning did not finish.*: it was interrupted$/);
        expect(await keys()).to.deep.equal(before_);
      });
    }

    it("costs one listing and a GET for each manifest of ours, and a fault in its middle loses nothing", async () => {
      const { said, asked } = await prune(breaking());
      expect(said.warn.join("\n")).to.include("the snapshot is saved, but pruning did not finish");
      if (proxy === undefined) await ground.server.restart();
      else proxy.refuse(refusalOf);

      expect((await keys()).length).to.be.below(before_.length);
      await expectNothingLost();
      expect(asked.filter(({ method }) => method === "list")).to.have.length(1);
      const ours = ["ours", "safety", "cluster"].flatMap((name) => DAYS.map((day) => manifestKey(keyOf(name, day))));
      const read = asked.filter(({ method, key }) => method === "read" && key.endsWith(manifestKey("")));
      expect(read.map(({ key }) => key)).to.have.members(ours);
    });

    // A folder's rights are shown in tests of their own, as another user.
    if (kind !== folder) {
      it("that may delete nothing leaves all as it was, and says so once", async () => {
        const there = await keys();
        proxy?.refuse((method) => (method === "DELETE" ? deniedBy(scheme) : undefined));
        const { pruned, said } = await prune(store);
        proxy?.refuse(refusalOf);
        expect(pruned?.removed).to.equal(0);
        expect(said.warn).to.have.length(1);
        expect(said.warn.join()).to.match(/\d+ archives could not be removed and stay/);
        expect(await keys()).to.deep.equal(there);
      });
    }

    /** The manifests that the fault left without their archives are old enough by then. */
    const later = () => new Date(Date.now() + 20 * 60 * 1000);
    // What a proxy answers shows what is made of the answer, not that the service gives it.
    const spared = kind === folder ? "" : kind.unable.locks === undefined ? ", but for what is locked" : ANSWERED;
    it(`completes it in the next run: what is to go is gone${spared}, and nothing else`, async () => {
      const { pruned, said } = await prune(store, later());
      expect(pruned?.kept).to.equal(KEEP + locked().length);
      expect(pruned?.removed).to.be.above(0);
      expect(await keys()).to.have.members(kept());
      expect(said.warn).to.have.length(locked().length > 0 ? 1 : 0);
      if (locked().length > 0) {
        expect(said.warn.join()).to.include(`${locked().length} archives could not be removed and stay`);
      }
    });

    ground.test("locks", "leaves what is locked, run after run", async () => {
      const { pruned, said } = await prune(store, later());
      expect(pruned).to.include({ kept: KEEP + LOCKED.length, removed: 0 });
      expect(said.warn.join()).to.include(`${LOCKED.length} archives could not be removed and stay`);
      expect(await keys()).to.include.members(LOCKED.map((day) => keyOf("ours", day)));
    });
  });
}

/** How each service says that the credentials may not delete. */
function deniedBy(scheme: string): Refusal {
  if (scheme === "s3") {
    return {
      status: 403,
      headers: { "content-type": "application/xml" },
      body: "<Error><Code>AccessDenied</Code></Error>",
    };
  }
  if (scheme === "gs") {
    const body = JSON.stringify({ error: { code: 403, errors: [{ reason: "forbidden" }] } });
    return { status: 403, headers: { "content-type": "application/json" }, body };
  }
  return { status: 403, headers: { "x-ms-error-code": "AuthorizationPermissionMismatch" }, body: "" };
}

function lockableBucket(): CreateBucketCommand {
  return new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true });
}

function hold(Key: string): PutObjectLegalHoldCommand {
  return new PutObjectLegalHoldCommand({ Bucket: BUCKET, Key, LegalHold: { Status: "ON" } });
}
