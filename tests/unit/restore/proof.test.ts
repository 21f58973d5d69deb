import { expect } from "chai";
import { ArchiveReader } from "../../../provider/archive/reader";
import { type SnapshotContents, contentsOf } from "../../../provider/restore/attempt";
import { differingTypes, type Explanation, Findings, describeDifference } from "../../../provider/restore/proof";
import { archiveOf } from "../../fixtures/archive";
import { encode, keyValue, stateOf, type StateRecord, type Value } from "../../fixtures/state";

/** Of the restore: whatever has a higher index is newer. */
const RESTORED = 100;

function table(name: string, index: number): StateRecord {
  return { type: 16, value: { Key: name, Value: index } };
}

function tombstone(key: string, index: number): StateRecord {
  return { type: 5, value: { Key: key, ModifyIndex: index, Value: null } };
}

function policy(id: string, index = 10): StateRecord {
  return { type: 19, value: { ID: id, ModifyIndex: index } };
}

function configEntry(name: string, index = 10): StateRecord {
  const nested = Buffer.concat([
    Buffer.from([0xb0]),
    Buffer.from("service-defaults"),
    Buffer.from("\x82\xa4Name", "latin1"),
    Buffer.from([0xa0 | name.length]),
    Buffer.from(name),
    Buffer.from("\xabModifyIndex\xcc", "latin1"),
    Buffer.from([index]),
  ]);
  return { type: 22, value: nested };
}

const keys = (count: number): StateRecord[] => Array.from({ length: count }, (_, at) => keyValue(`app/${at}.`, "1"));

async function holding(records: readonly StateRecord[], findings?: Findings["see"]): Promise<SnapshotContents> {
  const reader = new ArchiveReader(findings === undefined ? {} : { see: findings });
  await reader.write(archiveOf(stateOf(records)));
  return contentsOf(await reader.end());
}

async function explain(
  type: string,
  archived: readonly StateRecord[],
  there: readonly StateRecord[],
  isLongAgo = false,
): Promise<Explanation & { words: string | undefined }> {
  const findings = new Findings([type], { index: RESTORED, isLongAgo });
  const found = await holding(there, findings.see);
  const archive = await holding(archived, findings.seeArchived);
  const explanation = findings.explain(type);
  return { ...explanation, words: describeDifference(type, explanation, archive, found)[0]?.reason };
}

describe("what a cluster holds after a restore", () => {
  it("is what users write, unless servers, agents or peers write it by themselves", async () => {
    const types = [0, 2, 3, 5, 9, 13, 16, 29, 30, 31, 35, 38, 40, 42, 45, 50].map((type) => ({ type, value: "x" }));
    const { users, servers } = differingTypes(await holding(types), await holding([]));
    expect(users).to.have.members(["KVS", "Resource", "FeatureGate", "Unknown(50)"]);
    expect(servers).to.include.members(["Register", "Session", "Peering", "PeeringTrustBundle", "PeeringSecret"]);
  });

  it("is explained where every key that is missing was written over or deleted since", async () => {
    const there = [
      ...keys(10).slice(6),
      keyValue("app/0.", "2", 101),
      keyValue("new", "1", 102),
      tombstone("app/1.", 103),
      tombstone("app/2.", 104),
      tombstone("app/3.", 105),
      keyValue("app/3.", "made again", 106),
      tombstone("app/4.", 107),
      tombstone("app/5.", 108),
      table("kvs", 108),
      table("tombstones", 108),
    ];
    const found = await explain("KVS", keys(10), there);
    expect(found).to.include({ missing: 6, lost: 0, unexpected: 0, newer: 3, isExplained: true });
    expect(found.words).to.equal("3 written after the restore, 6 of the archive overwritten or deleted after it");
  });

  it("is explained by a recursive delete, which leaves one tombstone", async () => {
    const there = [keyValue("new", "1", 102), tombstone("app/", 101), table("kvs", 102), table("tombstones", 101)];
    expect(await explain("KVS", keys(1000), there)).to.include({ missing: 1000, lost: 0, isExplained: true });
  });

  it("is wrong where keys are lost beside honest writes", async () => {
    const honest = [
      keyValue("app/0.", "2", 101),
      tombstone("app/1.", 102),
      tombstone("ap", 50),
      table("kvs", 102),
      table("tombstones", 102),
    ];
    const found = await explain("KVS", keys(1000), [...keys(1000).slice(502), ...honest]);
    expect(found).to.include({ missing: 502, lost: 500, isExplained: false });
    expect(found.words).to.equal(
      "1 written after the restore, 2 of the archive overwritten or deleted after it, 500 of the archive missing",
    );
  });

  it("is given the benefit of the doubt about deleted keys once Consul has forgotten them", async () => {
    const forgotten = [...keys(10).slice(5), table("kvs", 105), table("tombstones", 105)];
    expect(await explain("KVS", keys(10), forgotten, true)).to.include({ lost: 0, isExplained: true });
    expect(await explain("KVS", keys(10), forgotten)).to.include({ lost: 5, isExplained: false });
    const onlyWritten = [...keys(10).slice(5), keyValue("new", "1", 105), table("kvs", 105), table("tombstones", 50)];
    expect(await explain("KVS", keys(10), onlyWritten, true)).to.include({ lost: 5, isExplained: false });
  });

  it("is wrong where more configuration entries are gone than there were writes", async () => {
    const entries = Array.from({ length: 20 }, (_, at) => configEntry(`entry-${at}`));
    const few = [...entries.slice(3), configEntry("new", 104), table("config-entries", 104)];
    expect(await explain("ConfigEntry", entries, few)).to.include({ missing: 3, lost: 0, isExplained: true });
    const many = [...entries.slice(15), configEntry("new", 104), table("config-entries", 104)];
    expect(await explain("ConfigEntry", entries, many)).to.include({ missing: 15, lost: 12, isExplained: false });
  });

  it("is wrong where another configuration entry is gone than the one that was written again", async () => {
    const entry = (Name: string, ModifyIndex = 10): StateRecord => ({
      type: 22,
      value: Buffer.concat([encode("mesh"), encode({ Entry: { Kind: "mesh", Name, ModifyIndex } })]),
    });
    const entries = ["a", "b", "c"].map((name) => entry(name));
    const after = (index: number, ...there: StateRecord[]) =>
      explain("ConfigEntry", entries, [...there, table("config-entries", index)]);
    expect(await after(101, entry("b"), entry("c"), entry("a", 101))).to.include({ missing: 1, lost: 0 });
    expect(await after(101, entry("b"), entry("a", 101))).to.include({ missing: 2, lost: 1, isExplained: false });
    // The second write may have deleted it.
    expect(await after(102, entry("b"), entry("a", 102))).to.include({ missing: 2, lost: 0, isExplained: true });
    expect(await after(101, entry("c"), entry("d", 101))).to.include({ missing: 2, lost: 2, isExplained: false });
  });

  it("is unknown where an empty value is lost that may mean something, and not where it is there", async () => {
    const record = (value: Value): StateRecord => ({ type: 70, value });
    const archived = [record({ Name: "a", Quotas: { kv: 0 } }), record({ Name: "b" })];
    const type = "Unknown(70)";
    expect(await explain(type, archived, archived)).to.include({ uncompared: 0, isExplained: true });
    const lost = await explain(type, archived, [record({ Name: "a", Quotas: {} }), record({ Name: "b" })]);
    expect(lost).to.include({ missing: 0, uncompared: 1, isExplained: false });
    // A newer Consul writes fields that the archive does not have.
    const added = [archived[0] as StateRecord, record({ Name: "b", Later: 0 })];
    expect(await explain(type, archived, added)).to.include({ uncompared: 0, isExplained: true });
  });

  it("is unknown where a record cannot be read, whatever was written since", async () => {
    const unreadable = (name: string): StateRecord => ({
      type: 22,
      value: Buffer.concat([Buffer.from("\xa4mesh\x82\xa5Entry\xc1", "latin1"), Buffer.from(name)]),
    });
    const newer = [configEntry("new", 104), table("config-entries", 104)];
    const found = await explain("ConfigEntry", [unreadable("a")], [unreadable("b"), ...newer]);
    expect(found).to.include({ uncompared: 1, isExplained: false });
    expect(found.words).to.equal("1 written after the restore, 1 that cannot be compared");
    expect(await explain("ConfigEntry", [unreadable("a")], newer)).to.include({ uncompared: 1, isExplained: false });
    expect(await explain("ConfigEntry", [unreadable("a")], [unreadable("a"), ...newer])).to.include({
      uncompared: 0,
      isExplained: true,
    });
  });

  it("is unknown where tokens from before Consul 1.4 have become tokens of today", async () => {
    const legacy = { type: 4, value: { ID: "l", Name: "old", Type: "client", Rules: "", ModifyIndex: 5 } };
    const token = (id: string): StateRecord => ({ type: 17, value: { SecretID: id, Hash: "h", ModifyIndex: 5 } });
    const findings = new Findings(["ACL", "ACLToken"], { index: RESTORED, isLongAgo: false });
    await holding([token("a"), token("l"), token("x")], findings.see);
    await holding([token("a"), legacy], findings.seeArchived);
    expect(findings.explain("ACL")).to.include({ lost: 0, missing: 0, uncompared: 1, isExplained: false });
    expect(findings.explain("ACLToken")).to.include({ unexpected: 1, uncompared: 1, isExplained: false });
  });

  it("shows what is lost behind a record that cannot be read", async () => {
    const unreadable: StateRecord = { type: 22, value: Buffer.from("\xa4mesh\x82\xa5Entry\xc1", "latin1") };
    const entries = [unreadable, configEntry("a"), configEntry("b")];
    expect(await explain("ConfigEntry", entries, entries.slice(0, 2))).to.include({ missing: 1, lost: 1 });
  });

  it("is found as fast for long keys and many tombstones", async () => {
    const long = Array.from({ length: 5 }, (_, at) => keyValue(`${at}${"k".repeat(400_000)}`, "1"));
    const tombstones = Array.from({ length: 2000 }, (_, at) => tombstone(`${at}/${"k".repeat(at)}`, 101));
    const there = [...tombstones, tombstone("4", 102), table("kvs", 102), table("tombstones", 102)];
    expect(await explain("KVS", long, there)).to.include({ missing: 5, lost: 4 });
  });

  it("is explained where one write deletes many, as it may with ACLs, and not without a write", async () => {
    const policies = ["a", "b", "c"].map((id) => policy(id));
    expect(await explain("ACLPolicy", policies, [table("acl-policies", 101)])).to.include({ isExplained: true });
    expect(await explain("ACLPolicy", policies, [table("acl-policies", 100)])).to.include({
      lost: 3,
      isExplained: false,
    });
  });

  it("is wrong where something differs that is not newer", async () => {
    const other = await explain("KVS", keys(2), [...keys(1), keyValue("app/1.", "2"), table("kvs", 101)]);
    expect(other).to.include({ unexpected: 1, lost: 1, isExplained: false });
  });

  it("cannot be compared where nothing tells when it was written, and what is missing beyond that is lost", async () => {
    const resource = (value: string): StateRecord => ({ type: 42, value });
    const resources = ["a", "b", "c"].map(resource);
    const changed = await explain("Resource", resources, [...resources.slice(1), resource("d")]);
    expect(changed).to.include({ newer: 0, missing: 0, lost: 0, uncompared: 1, unexpected: 0, isExplained: false });
    const added = await explain("Resource", resources, [...resources, resource("d")]);
    // It may have been there before the restore.
    expect(added).to.include({ newer: 0, missing: 0, uncompared: 1, isExplained: false });
    const lost = await explain("Resource", resources, [resource("d")]);
    expect(lost).to.include({ newer: 0, missing: 2, lost: 2, uncompared: 1, isExplained: false });
  });

  it("takes a record without an index for newer where its table is", async () => {
    const rule = (value: string): StateRecord => ({ type: 25, value });
    const changed = (index: number) =>
      explain("ACLBindingRule", [rule("a")], [rule("b"), table("acl-binding-rules", index)]);
    expect(await changed(101)).to.include({ newer: 1, unexpected: 0, isExplained: true });
    expect(await changed(100)).to.include({ newer: 0, unexpected: 1, isExplained: false });
  });

  it("counts records that say the same each once", async () => {
    const twice = [keyValue("a", "1"), keyValue("a", "1")];
    expect(await explain("KVS", twice, twice)).to.include({ missing: 0, unexpected: 0 });
    expect(await explain("KVS", twice, twice.slice(1))).to.include({ missing: 1, unexpected: 0 });
  });
});
