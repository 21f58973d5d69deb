/** Pruning where others keep their archives too, on each store. */

import { CreateBucketCommand, PutObjectLegalHoldCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { parseLocation } from "../../provider/store/location";
import type { Store } from "../../provider/store/store";
import { manifestKey } from "../../provider/transfer/manifest";
import { inParallel } from "../../provider/transfer/inParallel";
import { Ground, listed, stream } from "./ground";
import { STORES } from "../support/stores";
import { versitygw } from "../support/stores-s3";
import { type About, daysAgo, keepAt, pruneAfter } from "../unit/transfer/pruneHarness";

/** One of each kind for each of these days: 1,200 archives. */
const DAYS = Array.from({ length: 200 }, (_, day) => day + 1);

const KINDS: Readonly<Record<string, Partial<About>>> = {
  ours: {},
  organisation: { series: "rival/shop/prod/backup" },
  stack: { series: "acme/shop/staging/backup" },
  safety: { purpose: "safety" },
  cluster: { servers: ["x", "y", "z"] },
};

for (const kind of STORES) {
  describe(`pruning in ${kind.name}, where 1,200 archives lie`, function () {
    this.timeout(300_000);
    const ground = new Ground(kind);
    let store: Store;
    let base: string;
    before(async () => {
      await ground.start();
      store = await ground.client();
      base = parseLocation(ground.server.url("many/")).key.replace(/[^/]*$/, "");
      const signal = new AbortController().signal;
      await inParallel(DAYS, signal, async (day) => {
        const about = { takenAt: daysAgo(day), index: 1000 - day };
        await Promise.all(
          Object.entries(KINDS).map(([name, more]) => keepAt(store, keyOf(name, day), { ...about, ...more })),
        );
        await store.put(keyOf("stranger", day), stream(Buffer.from("an archive")));
      });
    });
    after(() => ground.stop());

    const keyOf = (name: string, day: number) => `${base}consul-dc1-${1000 - day}-${name}.snap`;
    const keys = async () => (await listed(store.list(base))).map(({ key }) => key);

    it("removes what is to go, touches nothing else, and asks for no manifest of others", async () => {
      const before = await keys();
      const saved = await keepAt(store, keyOf("ours", 0), { takenAt: daysAgo(0), index: 1000 });
      const { pruned, said, asked } = await pruneAfter(store, `${base}consul-{index}-{random}.snap`, saved, {
        keepLast: 20,
      });

      expect(said.warn).to.deep.equal([]);
      expect(pruned).to.deep.equal({ kept: 20, removed: 181 });
      const gone = DAYS.filter((day) => day >= 20).map((day) => keyOf("ours", day));
      const added = [saved.stored.key, manifestKey(saved.stored.key)];
      const expected = [...before, ...added].filter(
        (key) => !gone.some((each) => key === each || key === manifestKey(each)),
      );
      expect(await keys()).to.have.members(expected);

      expect(asked.filter(({ method }) => method === "list")).to.have.length(1);
      const ours = ["ours", "safety", "cluster"].flatMap((name) => DAYS.map((day) => manifestKey(keyOf(name, day))));
      expect(asked.filter(({ method }) => method === "read").map(({ key }) => key)).to.have.members(ours);
    });
  });
}

describe("pruning in an S3 bucket with object lock", function () {
  this.timeout(60_000);
  const ground = new Ground(versitygw);
  before(() => ground.start());
  after(() => ground.stop());

  it("leaves what is locked, removes the rest, and says so once", async () => {
    const bucket = "locked";
    const settings = parseLocation(ground.server.url("x")).settings;
    const client = new S3Client({
      endpoint: `http://${settings.get("endpoint")}`,
      region: settings.get("region")!,
      forcePathStyle: true,
    });
    await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
    const store = await ground.client({ bucket });
    for (const day of [3, 2, 1]) await keepAt(store, `day-${day}.snap`, { takenAt: daysAgo(day), index: 10 - day });
    await client.send(
      new PutObjectLegalHoldCommand({ Bucket: bucket, Key: "day-2.snap", LegalHold: { Status: "ON" } }),
    );
    const saved = await keepAt(store, "day-0.snap", { takenAt: daysAgo(0), index: 10 });

    const { pruned, said } = await pruneAfter(store, "day-{index}.snap", saved, { keepLast: 1 });

    expect(pruned).to.deep.equal({ kept: 2, removed: 2 });
    const there = (await listed(store.list("day-"))).map(({ key }) => key);
    expect(there).to.have.members(["day-0.snap", "day-2.snap"].flatMap((name) => [name, manifestKey(name)]));
    expect(said.warn).to.have.length(1);
    expect(said.warn.join()).to.contain("1 archive could not be removed and stay");
    client.destroy();
  });
});
