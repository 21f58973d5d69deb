import { expect } from "chai";
import {
  diffArchives,
  type Difference,
  type DiffOptions,
  type DiffSummary,
  readTypeName,
} from "../../../provider/contents/diff";
import type { ArchiveSource } from "../../../provider/contents/readRecords";
import { archiveOf, sha256 } from "../../fixtures/archive";
import { consulArchive } from "../../fixtures/consulArchives";
import { Random } from "../../fixtures/random";
import { encode, keyValue, stateOf, type StateRecord, type Value } from "../../fixtures/state";

function source(archive: Buffer, label = "an archive"): ArchiveSource {
  return {
    label,
    async *open() {
      await Promise.resolve();
      yield archive;
    },
  };
}

const holding = (records: readonly StateRecord[]): ArchiveSource => source(archiveOf(stateOf(records)));

async function diff(
  one: ArchiveSource,
  other: ArchiveSource,
  options?: DiffOptions,
): Promise<DiffSummary & { differences: Difference[] }> {
  const found = diffArchives(one, other, options);
  const differences: Difference[] = [];
  for (;;) {
    const step = await found.next();
    if (step.done === true) return { ...step.value, differences };
    differences.push(step.value);
  }
}

const shown = ({ type, change, key, name }: Difference): string =>
  [change, type, key.toString(), name.toString()].filter((part) => part !== "").join(" ");

function policy(id: string, name: string, rules = ""): StateRecord {
  return { type: 19, value: { ID: id, ModifyIndex: 10, Name: name, Rules: rules } };
}

function configEntry(kind: string, entry: Value): StateRecord {
  return { type: 22, value: Buffer.concat([encode(kind), encode({ Datacenter: "dc1", Entry: entry })]) };
}

const RESTORED = [
  "1.14-mesh-gateway-late-sidecar",
  "1.22-api-gateway",
  "1.22-api-gateway-and-route",
  "1.22-mesh-gateway-early-sidecar",
].map((name) => `restored-${name}`);

describe("a diff of two archives", () => {
  it("finds what 1,000 random changes changed, in memory and beyond it", async () => {
    const random = new Random(15);
    const before = new Map<string, string>();
    for (let at = 0; at < 2000; at++) before.set(`app/${random.below(50)}/${at}`, String(random.next()));
    const after = new Map(before);
    for (let at = 0; at < 1000; at++) {
      const kind = random.below(3);
      const key = random.pick([...after.keys()]);
      if (kind === 0) after.set(`${key}/new`, "added");
      else if (kind === 1) after.delete(key);
      else after.set(key, String(random.next()));
    }
    const records = (keys: ReadonlyMap<string, string>): StateRecord[] =>
      [...keys].map(([key, value]) => keyValue(key, value));
    const truth = [
      ...[...before].flatMap(([key, value]) => {
        if (!after.has(key)) return [`removed KVS ${key}`];
        return after.get(key) === value ? [] : [`changed KVS ${key}`];
      }),
      ...[...after.keys()].flatMap((key) => (before.has(key) ? [] : [`added KVS ${key}`])),
    ];
    // The second keeps some rows in memory at a time, in many runs.
    for (const heldBytes of [1024 * 1024, 20_000]) {
      const { differences, same, types } = await diff(holding(records(before)), holding(records(after)), { heldBytes });
      expect(differences.map(shown)).to.have.members(truth);
      expect(differences.map(({ key }) => key.toString("latin1"))).to.deep.equal(
        differences.map(({ key }) => key.toString("latin1")).sort(),
      );
      expect(same).to.equal(false);
      const kept = [...before].filter(([key, value]) => after.get(key) === value).length;
      expect(types).to.deep.equal([
        {
          type: "KVS",
          writer: "users",
          same: kept,
          added: truth.filter((change) => change.startsWith("added")).length,
          removed: truth.filter((change) => change.startsWith("removed")).length,
          changed: truth.filter((change) => change.startsWith("changed")).length,
        },
      ]);
    }
  });

  it("finds the same with values in memory, in a temporary file, and with rows larger than what is held", async () => {
    const [one, other] = ["1.14.11", "1.22.0"].map((version) => source(consulArchive(`consul-${version}-filled`))) as [
      ArchiveSource,
      ArchiveSource,
    ];
    const inMemory = await diff(one, other, { values: true });
    expect(inMemory.differences).to.have.length.above(100);
    for (const heldBytes of [4096, 200]) {
      expect(await diff(one, other, { values: true, heldBytes }), `${heldBytes} bytes`).to.deep.equal(inMemory);
    }
  });

  it("finds none between an archive and itself, whatever its version holds", async () => {
    for (const name of ["1.13.9", "1.14.11", "1.16.6", "1.22.0"].map((version) => `consul-${version}-filled`)) {
      const { same, differences } = await diff(source(consulArchive(name)), source(consulArchive(name)));
      expect(same, name).to.equal(true);
      expect(differences, name).to.deep.equal([]);
    }
  });

  for (const name of RESTORED) {
    it(`calls the same what the proof of a restore calls the same: ${name}`, async () => {
      const archive = source(consulArchive(`${name}-before`));
      const { same, differences } = await diff(archive, source(consulArchive(`${name}-after`)));
      expect(differences.filter(({ type }) => type === "ConfigEntry" || type === "KVS")).to.deep.equal([]);
      expect(same).to.equal(true);
    });
  }

  it("names a record as people know it", async () => {
    const filled = source(consulArchive("consul-1.14.11-filled"));
    const { differences } = await diff(holding([]), filled);
    const found = differences.map(shown);
    expect(found).to.include.members([
      "added ConfigEntry service-defaults/api",
      "added ConfigEntry mesh",
      "added ACLPolicy 00000000-0000-0000-0000-000000000001 global-management",
      "added ACLAuthMethod jwt1",
      "added Register ext-0",
      "added Register ext-0/service/cache-0 cache",
      "added Register ext-0/check/c0 ext",
      "added Autopilot",
    ]);
    expect(found.filter((text) => text.includes("sha256:"))).to.deep.equal([]);
  });

  it("counts only what users write, unless the type was asked for", async () => {
    const session = { type: 3, value: { ID: "a-session", Node: "a" } };
    const index = { type: 16, value: { Key: "kvs", Value: 7 } };
    const live = await diff(holding([]), holding([session, index]));
    expect(live.differences.map(shown)).to.deep.equal(["added Session a-session"]);
    expect(live.same).to.equal(true);
    const asked = await diff(holding([]), holding([session, index]), { types: ["Session"] });
    expect(asked.same).to.equal(false);
    expect((await diff(holding([]), holding([session, index]), { types: ["KVS"] })).differences).to.deep.equal([]);
  });

  it("does not count what servers compute or write anew, nor the order of a map", async () => {
    const one = configEntry("service-defaults", {
      Kind: "service-defaults",
      Name: "web",
      Hash: 1,
      Meta: { a: "1", b: "2" },
    });
    const other = configEntry("service-defaults", {
      Hash: 2,
      Kind: "service-defaults",
      Meta: { b: "2", a: "1" },
      Name: "web",
    });
    expect((await diff(holding([one]), holding([other]))).differences).to.deep.equal([]);
    const token = (value: string): StateRecord => ({
      type: 31,
      value: { Key: "server-management-token", Value: value },
    });
    expect((await diff(holding([token("a")]), holding([token("b")]))).differences).to.deep.equal([]);
  });

  it("shows values where they are asked for, and bookkeeping only where nothing else changed", async () => {
    const one = holding([keyValue("a", "1", 5), keyValue("b", "1", 5), keyValue("c", Buffer.from([0xff, 0]), 5)]);
    const other = holding([keyValue("a", "2", 6), keyValue("b", "1", 6), keyValue("c", "x".repeat(5000), 5)]);
    const { differences } = await diff(one, other, { values: true });
    expect(differences.map(({ key, fields }) => [key.toString(), fields])).to.deep.equal([
      ["a", [{ field: "Value", from: "1", to: "2" }]],
      [
        "b",
        [
          { field: "CreateIndex", from: 5, to: 6 },
          { field: "ModifyIndex", from: 5, to: 6 },
        ],
      ],
      [
        "c",
        [
          {
            field: "Value",
            from: { base64: "/wA=" },
            to: { bytes: 5000, sha256: sha256(Buffer.from("x".repeat(5000))) },
          },
        ],
      ],
    ]);
    expect((await diff(one, other)).differences.every(({ fields }) => fields === undefined)).to.equal(true);
  });

  it("compares clusters by what was written, without the indexes of the writes", async () => {
    const entry = (index: number): StateRecord =>
      configEntry("mesh", { CreateIndex: index, ModifyIndex: index, Meta: { a: "1" } });
    const one = holding([keyValue("a", "1", 5), keyValue("b", "1", 5), entry(7)]);
    const other = holding([keyValue("a", "1", 9), keyValue("b", "2", 9), entry(8)]);
    expect((await diff(one, other)).differences).to.have.length(3);
    expect((await diff(one, other, { ignoreIndexes: true })).differences.map(shown)).to.deep.equal(["changed KVS b"]);
  });

  it("never shows a secret of ACLs, of the CA or of peerings", async () => {
    const filled = (version: string): ArchiveSource => source(consulArchive(`consul-${version}-filled`));
    for (const [one, other] of [
      ["1.14.11", "1.22.0"],
      ["1.13.9", "1.16.6"],
    ] as const) {
      const types = [...new Set((await diff(filled(one), filled(other))).types.map(({ type }) => type))];
      const found = await diff(filled(one), filled(other), { values: true, types });
      const text = JSON.stringify(found.differences.map((item) => ({ ...item, key: item.key.toString("latin1") })));
      expect(text).to.include("SecretID");
      expect(text).to.include('{"hidden":true}');
      // The master token of those servers, private keys, and the secrets of tokens.
      expect(text).not.to.match(/11111111-2222-3333-4444-555555555555|PRIVATE KEY/);
      for (const { type, fields = [] } of found.differences) {
        for (const { field, from, to } of fields) {
          if (!/SecretID|PrivateKey|^Token$/.test(field)) continue;
          for (const value of [from, to])
            expect([undefined, { hidden: true }], `${type} ${field}`).to.deep.include(value);
        }
      }
    }
    const token = (secret: string): StateRecord => ({ type: 17, value: { AccessorID: "a", SecretID: secret } });
    const changed = await diff(holding([token("the-first-secret")]), holding([token("the-second-secret")]), {
      values: true,
    });
    expect(changed.differences.map(({ fields }) => fields)).to.deep.equal([
      [{ field: "SecretID", from: { hidden: true }, to: { hidden: true } }],
    ]);
    const legacy = await diff(holding([]), holding([{ type: 4, value: { ID: "a-legacy-secret", Name: "old" } }]));
    expect(legacy.differences.map(shown).join()).to.match(/^added ACL sha256:[0-9a-f]{16} old$/);
  });

  it("is renamed with its record, and removes and adds where ids differ", async () => {
    const one = holding([policy("id-1", "reader"), policy("id-2", "gone")]);
    const other = holding([policy("id-1", "renamed"), policy("id-3", "new")]);
    expect((await diff(one, other)).differences.map(shown)).to.deep.equal([
      "changed ACLPolicy id-1 renamed",
      "removed ACLPolicy id-2 gone",
      "added ACLPolicy id-3 new",
    ]);
  });

  it("compares what no Consul names by its bytes", async () => {
    const unknown = (value: string): StateRecord => ({ type: 65, value });
    const one = holding([unknown("a"), unknown("a"), unknown("b")]);
    const { differences } = await diff(one, holding([unknown("a"), unknown("c")]));
    expect(differences.map(({ type, change }) => `${change} ${type}`).sort()).to.deep.equal([
      "added Unknown(65)",
      "removed Unknown(65)",
      "removed Unknown(65)",
    ]);
    expect(differences.every(({ key }) => key.toString().startsWith("sha256:"))).to.equal(true);
  });

  it("fails where a state cannot be decoded to its end", async () => {
    const state = stateOf([keyValue("a", "1")], 5, [{ type: 2, value: null }]);
    const broken = Buffer.concat([state, Buffer.from([2, 0xc1])]);
    const error = await diff(holding([]), source(archiveOf(broken), "the second archive")).catch(
      (caught: unknown) => caught,
    );
    expect(error).to.include({ code: "STATE_UNDECODABLE" });
    expect((error as Error).message).to.match(/the second archive cannot be decoded at byte \d+/);
  });

  it("knows the types of records, and the nearest one to a name that is wrong", () => {
    expect(readTypeName("kvs")).to.equal("KVS");
    expect(() => readTypeName("ACLPolici"))
      .to.throw()
      .with.property("hint", "Did you mean ACLPolicy?");
  });
});
