import { randomBytes } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { CONFIG_ENTRY } from "../../../provider/archive/recordTypes";
import { configEntryKindOf } from "../../../provider/archive/state/recordCheck";
import { type ArchiveRecords, type HeldRecord, recordsOf } from "../../fixtures/archiveRecords";
import { consulArchive } from "../../fixtures/consulArchives";
import { encode, keyValue, type StateRecord } from "../../fixtures/state";
import { type FakeCluster, fakeCluster } from "../../support/faults/fakeCluster";
import { type Ended, restoreFrom } from "../../support/programs/restoring";
import { temporaryFolder } from "../../support/programs/saving";

const kindOf = ({ type, bytes }: HeldRecord): string =>
  type === CONFIG_ENTRY ? (configEntryKindOf(bytes.subarray(1)) ?? "") : "";
const isGateway = (record: HeldRecord): boolean => kindOf(record).endsWith("api-gateway");
const isEntry = ({ type }: HeldRecord): boolean => type === CONFIG_ENTRY;
/** Newer than any restore here. */
const NEW_KEY = keyValue("new", "1", 1_000_000);
const NODE: StateRecord = { type: 0, value: { Node: "late", Address: "10.0.0.9", ID: "" } };

describe("a restore on Consul 1.22 whose result is read back", function () {
  this.timeout(60_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let whole: ArchiveRecords;
  let lacking: ArchiveRecords;

  before(async () => {
    folder = await temporaryFolder();
    whole = await recordsOf(consulArchive("1.22-gateway-and-service-defaults"));
    lacking = await recordsOf(consulArchive("1.22-gateway-without-service-defaults"));
  });
  after(() => folder.remove());

  /** @param after - what the cluster holds when it is read back. Default: what it held before */
  async function restore(
    archive: Buffer,
    before: Buffer,
    answer: Parameters<FakeCluster["afterRestore"]>[1],
    after = before,
    strict = false,
  ): Promise<Ended> {
    const path = `${folder.path}/archive.snap`;
    await writeFile(path, archive);
    const cluster = await fakeCluster("1.22.0", whole.server, before);
    try {
      cluster.afterRestore(after, answer);
      const request = { allow: ["otherVersion"], strict } as const;
      const limits = { observation: { stableMs: 1, limitMs: 2000 }, unchangedMs: 1, leaderMs: 500 };
      return await restoreFrom(path, { address: cluster.address }, { request, limits });
    } finally {
      await cluster.stop();
    }
  }

  for (const [what, isLeftOut] of [
    ["with gateways", () => false],
    ["without gateways", isGateway],
  ] as const) {
    it(`went wrong where a configuration entry is missing, ${what}`, async () => {
      const of = ({ records }: ArchiveRecords): readonly HeldRecord[] => records.filter((one) => !isLeftOut(one));
      const archive = whole.of(of(whole));
      const before = whole.of([...of(whole), keyValue("before", "1")]);
      const { error } = await restore(archive, before, "confirmed", lacking.of(of(lacking)));
      expect(error?.code, error?.message).to.equal("RESTORE_WRONG");
      expect(error?.message).to.include("ConfigEntry: 1 of the archive missing");
      expect((await restore(archive, before, "confirmed", archive)).restored?.outcome).to.equal("exact");
    });
  }

  it("went wrong where another entry was written afterwards than the one that is missing", async () => {
    const archive = whole.of(whole.records);
    const before = whole.of([...whole.records, keyValue("before", "1")]);
    const next = whole.index + 1;
    const written: StateRecord = {
      type: CONFIG_ENTRY,
      value: Buffer.concat([encode("mesh"), encode({ Entry: { Kind: "mesh", Name: "mesh", ModifyIndex: next } })]),
    };
    const table: StateRecord = { type: 16, value: { Key: "config-entries", Value: next } };
    const { error } = await restore(archive, before, "confirmed", lacking.of([...lacking.records, written, table]));
    expect(error?.code, error?.message).to.equal("RESTORE_WRONG");
  });

  it("is unknown where the server died of the archive, which is said with what to do", async () => {
    const archive = whole.of(whole.records);
    const { error } = await restore(archive, whole.of([...whole.records, keyValue("before", "1")]), "dead");
    expect(error?.code, error?.message).to.equal("RESTORE_UNCONFIRMED");
    expect(error?.message).to.match(
      /stopped answering while or after it received the archive, and has not answered for /,
    );
    expect(error?.hint).to.include('"failed to restore snapshot"');
  });

  it("is unknown where something was there before that nothing dates", async () => {
    const archive = whole.of(whole.records);
    const old: StateRecord = { type: 42, value: "\x0a\x03old" };
    const before = whole.of([...whole.records, old, keyValue("before", "1")]);
    const { error } = await restore(archive, before, "confirmed", whole.of([...whole.records, old]));
    expect(error?.code, error?.message).to.equal("RESTORE_UNCONFIRMED");
    expect(error?.message).to.include("Resource: 1 that cannot be compared");
  });

  it("is an error where it is drift, and only exact will do", async () => {
    const archive = whole.of(whole.records);
    const [before, after] = [
      whole.of([...whole.records, keyValue("before", "1")]),
      whole.of([...whole.records, NEW_KEY]),
    ];
    expect((await restore(archive, before, "confirmed", after)).restored?.outcome).to.equal("drift");
    const { error } = await restore(archive, before, "confirmed", after, true);
    expect(error).to.include({ code: "RESTORE_UNCONFIRMED" });
    expect(error?.message).to.equal(
      "the cluster is not exactly as in the archive, which strict requires: KVS: 1 written after the restore",
    );
    const exact = await restore(archive, before, "confirmed", archive, true);
    expect(exact.restored?.outcome, exact.error?.message).to.equal("exact");
  });

  describe("and that was refused", () => {
    const denied =
      /^nothing was restored: Consul at .* does not allow the request without a token \(403 Permission denied\)$/;

    async function receipts(): Promise<string[]> {
      return (await readdir(folder.path)).filter((name) => name.endsWith(".receipt.json"));
    }

    it("was done where the cluster holds the archive: a proxy had passed it on", async () => {
      const archive = whole.of(whole.records);
      const before = whole.of([...whole.records, keyValue("before", "1")]);
      const { restored, error, said } = await restore(archive, before, "refused", archive);
      expect(restored?.outcome, error?.message).to.equal("exact");
      expect(said.warn.join()).to.match(/though Consul did not confirm the restore: .*403 Permission denied/);
    });

    it("was not done where the cluster is as before: the reason is that of the refusal, and no receipt stays", async () => {
      const earlier = await receipts();
      const archive = whole.of(whole.records);
      const { error, attempt, said } = await restore(
        archive,
        whole.of([...whole.records, keyValue("before", "1")]),
        "refused",
      );
      expect(error?.message).to.match(denied);
      expect(error?.code).to.equal("CONSUL_DENIED");
      expect(error?.hint).to.match(/^Set a token with the rule acl = "write"/);
      expect(said.status.join()).to.include("reading the cluster back");
      expect(attempt, "what has begun").to.equal(undefined);
      expect(await receipts()).to.deep.equal(earlier);
    });

    it("is unknown where the cluster is neither, and the refusal is the reason", async () => {
      const archive = whole.of(whole.records);
      const [before, after] = ["before", "other"].map((key) => whole.of([...whole.records, keyValue(key, "1")]));
      const { error, attempt } = await restore(archive, before!, "refused", after);
      expect(error?.code, error?.message).to.equal("RESTORE_UNCONFIRMED");
      expect(error?.message).to.match(/^it is unknown whether .* neither as before .*403 Permission denied/);
      expect(attempt).to.exist;
    });

    it("is unknown where the cluster refuses to be read, too", async () => {
      const archive = whole.of(whole.records);
      const { error, attempt } = await restore(
        archive,
        whole.of([...whole.records, keyValue("before", "1")]),
        "locked out",
      );
      expect(error?.code, error?.message).to.equal("RESTORE_UNCONFIRMED");
      expect(error?.message).to.match(/^it is unknown whether .*403 Permission denied.* cannot be read back: /);
      expect(error?.hint).to.match(/^Set a token .* specify one of them with tokenAfterRestore\.$/);
      expect(attempt).to.exist;
    });

    it("was certainly not done where a part of the archive is missing: the cluster is not read back", async () => {
      const earlier = await receipts();
      // More than sockets take that nobody reads.
      const values = Array.from({ length: 24 }, (_, at) => keyValue(`large/${at}`, randomBytes(2 ** 20)));
      const { error, said } = await restore(
        whole.of([...whole.records, ...values]),
        whole.of(whole.records),
        "refused early",
      );
      expect(error?.message).to.match(denied);
      expect(said.status.join()).not.to.include("reading the cluster back");
      expect(await receipts()).to.deep.equal(earlier);
    });
  });

  describe("and that Consul did not confirm", () => {
    const unknown =
      /^it is unknown whether the restore was done: before the restore, the cluster already held the same user data/;
    const nothing = /^nothing was restored: the cluster is as it was before/;

    async function outcome(archive: Buffer, before: Buffer, after = before): Promise<string> {
      const { error, restored } = await restore(archive, before, "broken", after);
      expect(error?.code, error?.message ?? restored?.outcome).to.equal("RESTORE_UNCONFIRMED");
      return error?.message ?? "";
    }

    it("is unknown where archive and cluster differ in what Consul computes, and in nothing else", async () => {
      const archive = await recordsOf(consulArchive("restored-1.22-api-gateway-before"));
      const cluster = await recordsOf(consulArchive("restored-1.22-api-gateway-after"));
      const others = archive.records.filter((record) => !isEntry(record));
      const computed = whole.of([...others, ...cluster.records.filter(isEntry)]);
      expect(await outcome(whole.of(archive.records), computed)).to.match(unknown);
      // Records of servers show that these are the ones from before.
      expect(await outcome(whole.of([...archive.records, NODE]), computed)).to.match(nothing);
    });

    it("was not done where configuration entries differ in what users wrote", async () => {
      const [entry] = whole.records.filter(isEntry);
      const before = lacking.of(lacking.records);
      expect(await outcome(whole.of(whole.records), before), "one more").to.match(nothing);
      const other = whole.of(whole.records.filter((record) => record !== entry));
      expect(await outcome(other, before), "as many").to.match(nothing);
    });

    it("is unknown where users have written since, and had changed nothing before", async () => {
      const archive = whole.of(whole.records);
      const [before, after] = [whole.of([...whole.records, NODE]), whole.of([...whole.records, NODE, NEW_KEY])];
      expect(await outcome(archive, before, after)).to.match(unknown);
      const changed = whole.of([...whole.records, NODE, keyValue("before", "1")]);
      expect((await restore(archive, changed, "broken", after)).restored?.outcome).to.equal("drift");
    });
  });
});
