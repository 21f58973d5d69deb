import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { ArchiveReader } from "../../../provider/archive/reader";
import { readManifest } from "../../../provider/catalog/manifest";
import { compact } from "../../../provider/compact";
import { SnapshotError } from "../../../provider/errors";
import { Ledger } from "../../../provider/retention/ledger";
import type { Policy } from "../../../provider/retention/policy";
import { publish, unixNanoseconds } from "../../../provider/save/publish";
import { openVerifiedStream } from "../../../provider/save/verifiedStream";
import { fileStore } from "../../../provider/store/file/store";
import type { Store } from "../../../provider/store/store";
import { parseLocation } from "../../../provider/store/location";
import { archiveOf } from "../../fixtures/archive";
import { keyValue, stateOf, type StateRecord } from "../../fixtures/state";
import { failureOf, temporaryFolder } from "../../support/programs/saving";

describe("an archive that is stored in place of another", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const store = fileStore();
  beforeEach(async () => (folder = await temporaryFolder()));
  afterEach(() => folder.remove());

  const good = keyValue("app/a", "1");
  const broken: StateRecord = { type: 2, value: { Key: "app/a", ModifyIndex: "no number", Value: "1" } };

  async function publishOne(
    record: StateRecord,
    retention: Policy = {},
    to = store,
    signal = new AbortController().signal,
    visibleAfter?: Promise<void>,
    target = "consul.snap",
  ) {
    const archive = archiveOf(stateOf([record]));
    async function* body(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(archive);
    }
    const verified = await openVerifiedStream(body(), new ArchiveReader(), () => undefined);
    const about = { datacenter: "dc1", consulVersion: "1.14.11" };
    return publish(
      to,
      { ...verified, about, nanoseconds: unixNanoseconds(verified.meta) },
      compact({
        target: parseLocation(join(folder.path, target)),
        overwrite: true,
        retention,
        purpose: "backup",
        consistency: "consistent",
        owner: { organization: "o", project: "p", stack: "s", name: "n" },
        visibleAfter,
      } as const),
      signal,
    );
  }

  it("leaves it there if Consul could not restore the new one, and nothing else", async () => {
    const { manifest } = await publishOne(good);
    const failure = await failureOf(publishOne(broken));
    expect(failure.code).to.equal("STORE_EXISTS");
    expect(failure.message).to.include("consul.snap was kept").and.include("could not restore it: ");
    expect((await readdir(folder.path)).sort()).to.deep.equal(["consul.snap", "consul.snap.manifest.json"]);
    expect((await publishOne(good)).manifest.sha256).to.equal(manifest.sha256);
  });

  it("is not waited for where the store is silent about what is there: an abort ends each request", async () => {
    await publishOne(good);
    const before = await readdir(folder.path);
    for (const [record, silent] of [
      [good, "the former manifest, to be put back"],
      [broken, "the former manifest, to be compared"],
    ] as const) {
      const run = new AbortController();
      const canceled: unknown[] = [];
      const read: Store["read"] = async function* (key, options = {}) {
        if (run.signal.aborted) yield* store.read(key, options);
        setImmediate(() => run.abort(new SnapshotError("INTERRUPTED", "enough", "")));
        // The timer only keeps the test alive where nothing cancels the request.
        await setTimeout(60_000, undefined, compact({ signal: options.signal })).catch((error: unknown) =>
          canceled.push(error),
        );
        throw new SnapshotError("INTERRUPTED", "canceled", "");
      };
      const failure = await failureOf(publishOne(record, {}, { ...store, read }, run.signal));
      expect(failure.code, silent).to.equal("INTERRUPTED");
      expect(canceled, silent).to.have.lengthOf(1);
      expect(await readdir(folder.path), silent).to.deep.equal(before);
    }
  });

  it("is abandoned while its last bytes are stored, and nothing else fails because of that", async () => {
    const run = new AbortController();
    const interrupted = new SnapshotError("INTERRUPTED", "enough", "");
    const confirmed = new Promise<void>((_, reject) => run.signal.addEventListener("abort", () => reject(interrupted)));
    // As a bucket that is still receiving the last part, or a disk that is slow to sync.
    const put: Store["put"] = async (_key, source) => {
      for await (const chunk of source) expect(chunk).to.have.property("length");
      run.abort();
      // A rejection that nothing handles is reported before the next turn.
      await nextTurn();
      throw interrupted;
    };
    // It would end a process that has no such listener.
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listen);
    try {
      const failure = await failureOf(publishOne(good, {}, { ...store, put }, run.signal, confirmed));
      expect(failure).to.equal(interrupted);
      expect(unhandled).to.deep.equal([]);
    } finally {
      process.off("unhandledRejection", listen);
    }
  });

  it("says in its manifest whether the run keeps a record for retention", async () => {
    for (const [retention, expected] of [
      [{ keepLast: 2 }, true],
      [{ keepLast: 0 }, undefined],
      [{}, undefined],
    ] as const) {
      const { manifest } = await publishOne(good, retention);
      expect(manifest.retention, JSON.stringify(retention)).to.equal(expected);
      expect(await readManifest(store, join(folder.path, "consul.snap"))).to.deep.equal(manifest);
    }
  });

  it("is stored also if it cannot be announced to retention, and that is returned", async () => {
    const denied = new SnapshotError("STORE_DENIED", "the server refuses it", "");
    const readOnly: Store = {
      ...store,
      put: (key, ...more) => (key.endsWith(".retention.json") ? Promise.reject(denied) : store.put(key, ...more)),
    };
    // Without a ledger there is nothing to announce it to.
    const first = await publishOne(good, {}, readOnly);
    expect(first).not.to.have.property("unannounced");
    const key = join(folder.path, "consul.snap");
    const { signal } = new AbortController();
    const ledger = () => Ledger.read(store, key, first.manifest.series, signal);
    const findings = { verified: new Set<never>(), foreign: new Set<never>(), removed: [], listedAfter: new Date(0) };
    await (await ledger()).write({ keepLast: 1 }, [], findings, 0, signal);

    const second = await publishOne(good, {}, readOnly);
    expect(second.unannounced).to.equal(denied);
    expect(await readManifest(store, key)).to.deep.equal(second.manifest);
    const third = await publishOne(good);
    expect(third).not.to.have.property("unannounced");
    const { stored: archive, manifest } = third;
    expect((await ledger()).isOwn({ archive, storedSha256: manifest.storedSha256 })).to.be.true;
  });

  it("is announced to the ledger of its own folder, too, where that is below the target's", async () => {
    const { signal } = new AbortController();
    const publishBelow = () => publishOne(good, {}, store, signal, undefined, "{datacenter}/consul.snap");
    const { manifest } = await publishBelow();
    const findings = { verified: new Set<never>(), foreign: new Set<never>(), removed: [], listedAfter: new Date(0) };
    for (const place of ["{datacenter}/consul.snap", "dc1/consul.snap"]) {
      const ledger = () => Ledger.read(store, join(folder.path, place), manifest.series, signal);
      await (await ledger()).write({ keepLast: 1 }, [], findings, 0, signal);
      const { stored: archive } = await publishBelow();
      expect((await ledger()).isOwn({ archive, storedSha256: manifest.storedSha256 }), place).to.be.true;
    }
  });

  it("takes its place if that is not restorable either, and if there is none", async () => {
    for (let time = 0; time < 2; time++) expect((await publishOne(broken)).manifest.restorable?.ok).to.equal(false);
    expect((await publishOne(good)).manifest.restorable?.ok).to.equal(true);
  });
});
