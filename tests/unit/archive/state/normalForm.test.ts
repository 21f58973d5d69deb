import { expect } from "chai";
import { comparableContentOf, type Content, contentOf } from "../../../../provider/archive/state/normalForm";
import { modifiedAt, tableOf } from "../../../../provider/archive/state/recordFields";
import { encode, keyValue, type Value } from "../../../fixtures/state";

const KVS = 2;
const ACL_TOKEN = 17;
const CONFIG_ENTRY = 22;

/** As Consul writes one: its kind and its request, as bytes within a value. */
function configEntry(entry: Value): Buffer {
  return encode(Buffer.concat([encode("service-defaults"), encode({ Datacenter: "dc1", Entry: entry })]));
}

function normalFormOf(type: number, value: Buffer): string | undefined {
  const content = contentOf(type, value);
  return content === undefined ? undefined : JSON.stringify(content);
}

describe("what a record says", () => {
  const said = (value: Value, type = KVS): string | undefined => normalFormOf(type, encode(value));

  it("is the same whatever the order of entries and the width of numbers", () => {
    const wide = Buffer.concat([
      Buffer.from([0x82, 0xa1, 0x62, 0xcf]),
      Buffer.alloc(7),
      Buffer.from([5, 0xa1, 0x61, 1]),
    ]);
    expect(normalFormOf(KVS, wide)).to.equal(said({ a: 1, b: 5 }));
  });

  it("does not change with fields that nobody has set", () => {
    const empty = { no: false, none: null, zero: 0, text: "", list: [], map: {}, deep: { zero: 0 } };
    expect(said({ a: 1, ...empty })).to.equal(said({ a: 1 }));
  });

  it("changes with every value, and with its kind", () => {
    const values: Value[] = [1, -1, "1", true, ["1"], { a: 1 }, "2", 2, 1.5, [0], [0, 0]];
    expect(new Set(values.map((value) => said({ a: value }))).size).to.equal(values.length);
  });

  it("of a configuration entry is that of what is nested in it", () => {
    const one = configEntry({ Kind: "service-defaults", Name: "web", ModifyIndex: 9 });
    const other = configEntry({ Name: "web", Kind: "service-defaults", ModifyIndex: 9, Later: "" });
    expect(one.equals(other)).to.equal(false);
    expect(normalFormOf(CONFIG_ENTRY, one)).to.equal(normalFormOf(CONFIG_ENTRY, other));
    const changed = configEntry({ Kind: "service-defaults", Name: "db", ModifyIndex: 9 });
    expect(normalFormOf(CONFIG_ENTRY, changed)).not.to.equal(normalFormOf(CONFIG_ENTRY, one));
  });
});

describe("what users wrote in a configuration entry", () => {
  const entry = (kind: string, fields: Value, bytes = encode({ Datacenter: "dc1", Entry: fields })): Buffer =>
    encode(Buffer.concat([encode(kind), bytes]));
  const form = (kind: string, fields: Value): string | undefined => normalFormOf(CONFIG_ENTRY, entry(kind, fields));

  it("does not include what servers compute", () => {
    const wrote = { Kind: "service-defaults", Name: "web", ModifyIndex: 9 };
    const computed = { Hash: 5, UpstreamConfig: { Defaults: { MeshGateway: { Mode: "local" } } } };
    expect(form("service-defaults", { ...wrote, ...computed })).to.equal(form("service-defaults", wrote));
  });

  it("does not include the protocol that 1.15 and later copy from Config while they restore", () => {
    const proxy = (fields: Readonly<Record<string, Value>>): string | undefined =>
      form("proxy-defaults", encode({ Config: { protocol: "http" }, Name: "global", ModifyIndex: 9, ...fields }));
    expect(proxy({ Hash: 5, Protocol: "http" })).to.equal(proxy({}));
    expect(proxy({ Config: { protocol: "tcp" } })).not.to.equal(proxy({}));
    expect(form("ingress-gateway", { Protocol: "http" })).not.to.equal(form("ingress-gateway", {}));
  });

  it("does not include the hash that a token without one receives while it is restored", () => {
    const token = (fields: Readonly<Record<string, Value>>): string | undefined =>
      normalFormOf(ACL_TOKEN, encode({ SecretID: "s", ModifyIndex: 9, ...fields }));
    expect(token({ Hash: "abc" })).to.equal(token({}));
    expect(token({ Description: "d" })).not.to.equal(token({}));
    expect(normalFormOf(KVS, encode({ Key: "k", Hash: "abc" }))).not.to.equal(normalFormOf(KVS, encode({ Key: "k" })));
  });

  it("includes everything else, fields of the same names among it", () => {
    const wrote = { Kind: "service-defaults", Name: "web", ModifyIndex: 9 };
    const others: Value[] = [
      { ...wrote, ModifyIndex: 10 },
      { ...wrote, Meta: { Hash: "5" } },
      { ...wrote, MeshGateway: { Mode: "local" } },
      { ...wrote, UpstreamConfig: { Defaults: { Protocol: "http", MeshGateway: { Mode: "local" } } } },
      { ...wrote, UpstreamConfig: { Overrides: [{ MeshGateway: { Mode: "local" } }] } },
    ];
    const forms = [wrote, ...others].map((fields) => form("service-defaults", fields));
    expect(new Set(forms).size).to.equal(forms.length);
    expect(
      form("terminating-gateway", { UpstreamConfig: { Defaults: { MeshGateway: { Mode: "local" } } } }),
    ).not.to.equal(form("terminating-gateway", {}));
  });

  it("includes the entries of maps that are empty, which are there or not, but no empty field of a struct", () => {
    const wrote = { Kind: "service-resolver", Name: "web", ModifyIndex: 9 };
    const others: Value[] = [
      { ...wrote, Meta: { team: "" } },
      { ...wrote, Meta: { Team: "" } },
      { ...wrote, Subsets: { v1: { Filter: "" } } },
    ];
    const forms = [wrote, ...others].map((fields) => form("service-resolver", fields));
    expect(new Set(forms).size).to.equal(forms.length);
    for (const same of [
      { Meta: {} },
      { Subsets: null },
      { Services: [] },
      { Later: { Meta: {}, Deep: { No: false } } },
    ])
      expect(form("service-resolver", { ...wrote, ...same })).to.equal(forms[0]);
    const subset = (fields: Value): string | undefined => form("service-resolver", { Subsets: { v1: fields } });
    expect(subset({ Filter: "a", OnlyPassing: false })).to.equal(subset({ Filter: "a" }));
  });

  it("includes all that is in a map of any values", () => {
    const configs: Value[] = [
      {},
      { limits: { retries: 0 } },
      { limits: { timeouts: [] } },
      { limits: [{ retries: 0 }, {}] },
      { limits: null },
    ];
    const forms = configs.map((Config) => form("proxy-defaults", encode({ Name: "global", ModifyIndex: 9, Config })));
    expect(new Set(forms).size).to.equal(forms.length);
  });

  it("includes what is empty where Go has a pointer, and not nil", () => {
    const zeros: [string, Value, Value][] = [
      [
        "service-defaults",
        { UpstreamConfig: { Overrides: [{ PassiveHealthCheck: { EnforcingConsecutive5xx: 0 } }] } },
        { UpstreamConfig: { Overrides: [{ PassiveHealthCheck: { EnforcingConsecutive5xx: null } }] } },
      ],
      [
        "service-defaults",
        { UpstreamConfig: { Overrides: [{ Limits: { MaxConnections: 0 } }] } },
        { UpstreamConfig: { Overrides: [{ Limits: {} }] } },
      ],
      [
        "http-route",
        { Rules: [{ Filters: { RetryFilter: { NumRetries: 0 } } }] },
        { Rules: [{ Filters: { RetryFilter: null } }] },
      ],
      ["mesh", { TLS: { Incoming: {} } }, { TLS: {} }],
      ["mesh", { TLS: {} }, {}],
      ["service-intentions", { JWT: { Providers: [] } }, {}],
    ];
    for (const [kind, zero, nil] of zeros) expect(form(kind, zero), JSON.stringify(zero)).not.to.equal(form(kind, nil));
    expect(form("service-router", { Routes: [{ Match: null }] })).to.equal(form("service-router", { Routes: [{}] }));
  });

  it("is in doubt where a value is empty that may mean something", () => {
    const doubtful = (kind: string, fields: Value): Content | undefined =>
      comparableContentOf(CONFIG_ENTRY, entry(kind, fields))?.doubtful;
    const doubts: [string, Value][] = [
      ["later", { Toggles: { one: false } }],
      ["later", { Name: "" }],
      ["later", { Hash: "as users wrote it" }],
      ["mesh", { Later: 0 }],
      ["service-defaults", { Destination: { Later: { Deep: "" } } }],
      ["service-resolver", { Subsets: { v1: { Later: [] } } }],
    ];
    for (const [kind, fields] of doubts) expect(doubtful(kind, fields), JSON.stringify(fields)).not.to.equal(undefined);
    expect(doubtful("later", { Toggles: { one: false } })).not.to.deep.equal(doubtful("later", { Toggles: {} }));
    for (const certain of [{}, { Later: null }, { Later: { Deep: 1 } }, { Meta: { team: "" } }, { Hash: 5 }]) {
      expect(doubtful("mesh", certain), JSON.stringify(certain)).to.equal(undefined);
    }
    expect(comparableContentOf(70, encode({ Quotas: { kv: 0 } }))?.doubtful).not.to.equal(undefined);
  });

  it("is not known where a map has a key twice, for Consul decodes the second value into the first", () => {
    const meta = Buffer.concat([Buffer.from([0x82]), ...["1", "2"].flatMap((value) => [encode("a"), encode(value)])]);
    const wrote = Buffer.concat([Buffer.from([0x81]), encode("Entry"), Buffer.from([0x81]), encode("Meta"), meta]);
    expect(normalFormOf(CONFIG_ENTRY, entry("mesh", {}, wrote))).to.equal(undefined);
  });

  it("includes maps whose keys are maps, in any order", () => {
    const [one, two] = [encode({ Name: "one" }), encode({ Name: "two" })];
    const services = (...entries: Buffer[]): Buffer =>
      Buffer.concat([Buffer.from([0x81]), encode("Services"), Buffer.from([0x80 | (entries.length / 2)]), ...entries]);
    const gateway = (fields: Buffer): string | undefined =>
      normalFormOf(
        CONFIG_ENTRY,
        entry("bound-api-gateway", {}, Buffer.concat([Buffer.from([0x81]), encode("Entry"), fields])),
      );
    const form = gateway(services(one, encode(["a"]), two, encode(["b"])));
    expect(form).to.be.a("string");
    expect(gateway(services(two, encode(["b"]), one, encode(["a"])))).to.equal(form);
    expect(gateway(services(one, encode(["a"])))).not.to.equal(form);
    expect(gateway(services(one, encode(["b"]), two, encode(["a"])))).not.to.equal(form);
  });

  it("is not known where it cannot be decoded, and no failure", () => {
    const bad = [Buffer.from([0x81, 0xc1]), Buffer.from([0xdd, 255, 255, 255, 255])];
    for (const bytes of bad) {
      expect(normalFormOf(CONFIG_ENTRY, entry("mesh", {}, bytes)), bytes.toString("hex")).to.equal(undefined);
    }
    const deep = Buffer.alloc(100_000, 0x91);
    expect(normalFormOf(CONFIG_ENTRY, entry("mesh", {}, deep))).to.equal(undefined);
  });
});

describe("what a message of protobuf says", () => {
  it("is the same whatever the order of its fields, for Go writes the entries of a map in random order", () => {
    const field = (number: number, text: string): string => String.fromCharCode(number * 8 + 2, text.length) + text;
    const resource = (...fields: string[]): Buffer => encode(Buffer.from(fields.join(""), "latin1"));
    const [one, two] = [field(5, "one"), field(5, "two")];
    expect(normalFormOf(42, resource(field(1, "id"), one, two))).to.equal(
      normalFormOf(42, resource(field(1, "id"), two, one)),
    );
    expect(normalFormOf(42, resource(field(1, "id"), one))).not.to.equal(
      normalFormOf(42, resource(field(1, "id"), two)),
    );
  });
});

describe("when a record was written", () => {
  it("is its ModifyIndex, however wide, and nothing that a value only looks like", () => {
    for (const index of [0, 9, 200, 70_000, 2 ** 31, 2 ** 40]) {
      expect(modifiedAt(KVS, encode(keyValue("a", "1", index).value)), String(index)).to.equal(index);
    }
    const trap = Buffer.concat([Buffer.from([0xab]), Buffer.from("ModifyIndex"), Buffer.from([0x7f])]);
    expect(modifiedAt(KVS, encode(keyValue("a", trap, 9).value))).to.equal(9);
    expect(modifiedAt(KVS, encode({ Key: "a" }))).to.equal(undefined);
    expect(modifiedAt(KVS, encode("text"))).to.equal(undefined);
  });

  it("is found in a configuration entry as well", () => {
    expect(modifiedAt(CONFIG_ENTRY, configEntry({ Name: "web", CreateIndex: 7, ModifyIndex: 1234 }))).to.equal(1234);
    expect(modifiedAt(CONFIG_ENTRY, configEntry({ Name: "web" }))).to.equal(undefined);
  });

  it("is known of whole tables by their Index records", () => {
    expect(tableOf(encode({ Key: "kvs", Value: 300 }))).to.deep.equal(["kvs", 300]);
    expect(tableOf(encode({ Key: "kvs" }))).to.equal(undefined);
  });
});
