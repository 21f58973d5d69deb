import { expect } from "chai";
import { walk } from "../../../fixtures/reading";
import { encode, type StateRecord, stateOf, type Value } from "../../../fixtures/state";

const [ID, OTHER_ID] = ["75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11", "75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d22"];

const node = (more: Readonly<Record<string, Value>>): StateRecord => ({ type: 0, value: { Node: "n", ...more } });
const service = (Meta: Value, Kind = ""): StateRecord => node({ Service: { ID: "s", Kind, Meta, Service: "s" } });
const entry = (kind: string, Entry: Value): StateRecord => ({
  type: 22,
  value: Buffer.concat([encode(kind), encode({ Entry })]),
});
const query = (Regexp: string, Service: Value): StateRecord => ({
  type: 7,
  value: { ID, Name: "q", Service, Template: { Regexp, Type: "name_prefix_match" } },
});
const virtual = (Service: Value, IP = "\0\0\0\x01"): StateRecord => ({ type: 32, value: { IP, Service } });
const METADATA: StateRecord = { type: 31, value: { Key: "virtual-ips", Value: "true" } };
const NATIVE = node({ Service: { Connect: { Native: true }, ID: "s", Service: "s" } });

/** Go's binary form of a time in UTC. */
function time(iso: string): Buffer {
  const bytes = Buffer.alloc(15, 0xff);
  bytes[0] = 1;
  bytes.writeBigInt64BE(BigInt(Date.parse(iso)) / 1000n + 62_135_596_800n, 1);
  bytes.writeInt32BE(0, 9);
  return bytes;
}

const token = (ExpirationTime: Value): StateRecord => ({ type: 17, value: { ExpirationTime, SecretID: ID } });
const pairs = (count: number): Value => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, "v"]));
const isTaken = (...records: StateRecord[]): boolean => walk(stateOf(records)).misshapen === undefined;

// Each verdict is that of the state store of Consul 1.12.9, 1.13.9 and 1.14.11, which were given the same records; those marked
// "strict" are taken by these, and refused here.
describe("the content of records, beyond the kinds of their fields", () => {
  it("knows the fields that 1.14 has added", () => {
    const named = (more: Value): Value => ({ Name: "x", ...(more as Readonly<Record<string, Value>>) });
    const wrong: readonly StateRecord[] = [
      entry("service-resolver", named({ Failover: { a: { Targets: 7 } } })),
      entry("service-resolver", named({ Redirect: { Peer: 7 } })),
      entry("service-router", named({ Routes: [{ Destination: { RetryOn: 7 } }] })),
      entry("service-router", named({ Routes: [{ Destination: { IdleTimeout: "x" } }] })),
      entry("service-defaults", named({ BalanceInboundConnections: 7 })),
      entry("service-defaults", named({ UpstreamConfig: { Defaults: { BalanceOutboundConnections: 7 } } })),
      entry(
        "service-defaults",
        named({ UpstreamConfig: { Defaults: { PassiveHealthCheck: { BaseEjectionTime: "x" } } } }),
      ),
      entry("mesh", { Peering: { PeerThroughMeshGateways: "x" } }),
      entry("exported-services", named({ Services: [{ Consumers: [{ Peer: 7 }] }] })),
      node({ Check: { CheckID: "c", Definition: { OSService: 7 }, Node: "n" } }),
      { type: 7, value: { ID, Service: { Peer: 7 } } },
    ];
    for (const [at, record] of wrong.entries()) expect(isTaken(record), String(at)).to.equal(false);
    const right = named({ Failover: { a: { Targets: [{ Datacenter: "dc2", Peer: "p", Service: "s" }] } } });
    expect(isTaken(entry("service-resolver", right))).to.equal(true);
  });

  it("knows the fields of the kinds that 1.15 and later have", () => {
    const named = (more: Value): Value => ({ Name: "x", ...(more as Readonly<Record<string, Value>>) });
    const services = (key: Value, item: Value): Value => new Map<Value, Value>([[key, [item]]]);
    const right: readonly StateRecord[] = [
      entry("api-gateway", named({ Listeners: [{ Port: 8443, TLS: { Certificates: [{ Name: "c" }] } }] })),
      entry("bound-api-gateway", named({ Services: services({ Name: "web" }, { Kind: "http-route" }) })),
      entry("http-route", named({ Rules: [{ Services: [{ Name: "web", Weight: 1 }] }], Hostnames: ["a"] })),
      entry("tcp-route", named({ Parents: [{ Name: "gw" }], Status: { Conditions: [{ LastTransitionTime: null }] } })),
      entry("inline-certificate", named({ Certificate: "c", PrivateKey: "k" })),
      entry("file-system-certificate", named({ Certificate: "/c", PrivateKey: "/k" })),
      entry("jwt-provider", named({ JSONWebKeySet: { Remote: { CacheDuration: 5 } }, Locations: [null] })),
      entry("sameness-group", named({ Members: [{ Peer: "p" }] })),
      entry("service-intentions", named({ JWT: { Providers: [{ Name: "okta" }] } })),
      entry("mesh", { HTTP: { Incoming: { RequestNormalization: { MergeSlashes: true } } } }),
    ];
    for (const [at, record] of right.entries()) expect(isTaken(record), String(at)).to.equal(true);
    const wrong: readonly StateRecord[] = [
      entry("api-gateway", named({ Listeners: [{ Port: "8443" }] })),
      entry("api-gateway", named({ Listeners: [{ TLS: { Certificates: [7] } }] })),
      entry("bound-api-gateway", named({ Services: services("web", { Kind: "http-route" }) })),
      entry("bound-api-gateway", named({ Services: services({ Name: "web" }, { Kind: 7 }) })),
      entry("http-route", named({ Rules: [{ Matches: [{ Path: "/" }] }] })),
      entry("http-route", { Rules: [] }),
      entry("tcp-route", named({ Status: { Conditions: [{ LastTransitionTime: "now" }] } })),
      entry("inline-certificate", named({ Certificate: 7 })),
      entry("file-system-certificate", named({ PrivateKey: ["k"] })),
      entry("jwt-provider", named({ JSONWebKeySet: { Remote: { CacheDuration: "5s" } } })),
      entry("sameness-group", named({ Members: ["p"] })),
      entry("service-defaults", named({ RateLimits: { InstanceLevel: 7 } })),
      entry("service-defaults", named({ Hash: -1 })),
      node({ Service: { ID: "s", Locality: "eu", Service: "s" } }),
      { type: 17, value: { SecretID: ID, TemplatedPolicies: [{ TemplateName: 7 }] } },
    ];
    for (const [at, record] of wrong.entries()) expect(isTaken(record), String(at)).to.equal(false);
  });

  it("refuses proxy-defaults whose protocol 1.15 and later cannot copy", () => {
    const proxy = (Config: Value): StateRecord => entry("proxy-defaults", encode({ Config, Name: "global" }));
    for (const config of [null, {}, { protocol: "http" }, { protocol: 7 }, { protocol: null }, { other: ["x"] }]) {
      expect(isTaken(proxy(config)), JSON.stringify(config)).to.equal(true);
    }
    for (const config of [{ protocol: ["http"] }, { protocol: { a: "http" } }, { Protocol: ["http"] }]) {
      expect(isTaken(proxy(config)), JSON.stringify(config)).to.equal(false);
    }
  });

  it("refuses tokens without a hash whose lists have holes, for their hash is computed", () => {
    for (const list of ["ServiceIdentities", "NodeIdentities", "TemplatedPolicies"]) {
      expect(isTaken({ type: 17, value: { SecretID: ID, [list]: [{}] } }), list).to.equal(true);
      expect(isTaken({ type: 17, value: { SecretID: ID, [list]: [null] } }), list).to.equal(false);
    }
  });

  it("knows which metadata of services the state store takes", () => {
    for (const meta of [null, {}, { "a_b-9": "x" }, pairs(64), { a: "x".repeat(512) }, { ["x".repeat(128)]: "" }]) {
      expect(isTaken(service(meta)), JSON.stringify(meta)).to.equal(true);
    }
    const wrong = [
      { "a b": "" },
      { "": "" },
      { "a\n": "" },
      pairs(65),
      { a: "x".repeat(513) },
      { ["x".repeat(129)]: "" },
    ];
    for (const meta of wrong) expect(isTaken(service(meta)), JSON.stringify(meta)).to.equal(false);
    expect(isTaken(service({ "consul-wan-federation": "1" }))).to.equal(false);
    expect(isTaken(service({ "consul-wan-federation": "1" }, "mesh-gateway"))).to.equal(true);
    expect(isTaken(service({ "consul-x": "1" }, "mesh-gateway"))).to.equal(false);
  });

  it("refuses nodes that take the name or the id of another", () => {
    const check = { Check: { CheckID: "serfHealth", Node: "n", Status: "passing" }, ID };
    expect(isTaken(node(check), node({ ID }), node({ ID: OTHER_ID, Node: "m" }))).to.equal(true);
    expect(isTaken(node(check), node({ ID: OTHER_ID }))).to.equal(false);
    expect(isTaken(node(check), node({ ID: OTHER_ID, Node: "N" }))).to.equal(false);
    expect(isTaken(node({ ID }), node({ ID, Node: "m" })), "strict").to.equal(false);
    // In another peer and in another partition the same name is another node.
    expect(isTaken(node(check), node({ ID: OTHER_ID, PeerName: "p" }))).to.equal(true);
    expect(isTaken(node(check), node({ ID: OTHER_ID, Partition: "p" }))).to.equal(true);
  });

  it("compares names as Go does, which folds Unicode and reads every invalid byte alike", () => {
    const named = (Node: string | Buffer, more: Readonly<Record<string, Value>> = {}): StateRecord =>
      node({ Node, ...more });
    for (const [one, other] of [
      ["\u00c91", "\u00e91"],
      ["\u212a1", "k1"],
      ["\u017f1", "s1"],
      ["\u01301", "i1"],
      ["\u1e9e", "\u00df"],
      ["\u03a3", "\u03c2"],
      [Buffer.from("61c3", "hex"), Buffer.from("61e3", "hex")],
    ] as const) {
      expect(
        isTaken(named(one, { ID }), named(other, { ID: OTHER_ID })),
        `${one.toString()} and ${other.toString()}`,
      ).to.equal(false);
      expect(isTaken(named(one, { ID }), named(one, { ID })), String(one)).to.equal(true);
    }
    for (const [one, other] of [
      ["\u00c31", "\u00e91"],
      ["stra\u00dfe", "strasse"],
    ] as const) {
      expect(isTaken(named(one, { ID }), named(other, { ID: OTHER_ID })), `${one} and ${other}`).to.equal(true);
    }
    // The bytes of "é" in UTF-8, lowered as if they were Latin-1.
    const lowered = Buffer.from("e3a9", "hex");
    const check = (Node: string | Buffer, ServiceID: string | Buffer = ""): Readonly<Record<string, Value>> => ({
      Check: { CheckID: "c", Node, ServiceID },
    });
    expect(isTaken(named("\u00e9", check("\u00e9")))).to.equal(true);
    expect(isTaken(named("\u00e9", check(lowered)))).to.equal(false);
    expect(isTaken(named("\u00e9", check("\u00c9"))), "strict").to.equal(false);
    expect(isTaken(named("k", check("\u212a"))), "strict").to.equal(false);
    const ofService = (id: string | Buffer, ServiceID: string | Buffer): boolean =>
      isTaken(node({ Service: { ID: id, Service: "s" } }), node(check("N", ServiceID)));
    expect(ofService("WEB", "web")).to.equal(true);
    expect(ofService("\u00e9", "\u00e9")).to.equal(true);
    expect(ofService("\u00e9", lowered)).to.equal(false);
  });

  it("refuses tokens that expired before 1970, for their time is in an index", () => {
    expect(isTaken(token(time("2026-01-01T00:00:00Z")))).to.equal(true);
    expect(isTaken(token(time("1970-01-01T00:00:00Z")))).to.equal(true);
    expect(isTaken(token(time("0001-01-01T00:00:00Z")))).to.equal(true);
    expect(isTaken(token(null))).to.equal(true);
    expect(isTaken(token(time("1969-12-31T23:59:59Z")))).to.equal(false);
  });

  it("refuses services that take virtual addresses which are invalid or used up", () => {
    expect(isTaken(virtual({ ServiceName: { Name: "s" } }, "abc"), NATIVE, METADATA)).to.equal(true);
    expect(isTaken(virtual({ ServiceName: { Name: "s" } }), METADATA, NATIVE)).to.equal(true);
    expect(isTaken(virtual({ ServiceName: { Name: "s" } }, "abc"), METADATA, NATIVE)).to.equal(false);
    const free: StateRecord = { type: 33, value: { IP: Buffer.from("0ffffffe", "hex"), IsCounter: true } };
    expect(isTaken(free, METADATA, NATIVE)).to.equal(false);
  });

  it("refuses names of virtual services in another case, which one decoder takes", () => {
    expect(isTaken(virtual({ Peer: "", ServiceName: { Name: "s" } }))).to.equal(true);
    expect(isTaken(virtual({ ServiceName: { Name: "s" }, peer: 7 }))).to.equal(false);
  });

  it("refuses a field that comes twice", () => {
    const service = { Service: "s" };
    const fields = new Map<Value, Value>([
      ["ID", ID],
      ["Service", service],
    ]);
    expect(isTaken({ type: 7, value: fields })).to.equal(true);
    const twice = Buffer.concat([
      Buffer.from([0x83]),
      ...[
        ["ID", ID],
        ["Service", service],
        ["Service", { Near: "" }],
      ].map((pair) => Buffer.concat(pair.map(encode))),
    ]);
    const state = Buffer.concat([encode({ LastIndex: 1 }), Buffer.from([7]), twice]);
    expect(walk(state).misshapen?.message).to.equal("the PreparedQuery record has the field Service twice");
  });

  it("knows which expressions Go compiles", () => {
    const right =
      "|^x$|(?i)a+?|a{2,}b{0}c{1,3}?|[]a]|[^]a]|[a-z\\d-]|[[:^alpha:]_]|\\Qa*\\E+|\\pL\\p{Greek}\\P{^Lu}|\\x41|\\x{10FFFF}|\\-\\_\\/|" +
      "(?P<n>x)(?P<m>y)|(?:a|)*|^*|\\b+|a{,2}b{|}|]|é|(x{10}){100}";
    for (const text of [right, ...right.split("|").filter((part) => !/^\(\?:a|^\)\*/.test(part))]) {
      expect(isTaken(query(text, {})), text).to.equal(!text.includes("{,2}"));
    }
    const wrong =
      "\\u0041 \\cA x{1001} x{1,1001} (x{100}){11} \\y \\k<n> \\e \\C \\Z \\xg \\é [a-\\d] [^] [] [\\b] [z-a] [[:foo:]] \\p{Foo} \\p \\p{L " +
      "(?-) (?i-) (?x) (?=x) (?<!x) \\1 a** a*+ a{2}{3} * (?i)* ( ) [a \\";
    for (const text of wrong.split(" ")) expect(isTaken(query(text, {})), text).to.equal(false);
    for (const text of ["(".repeat(1001) + ")".repeat(1001), "(?<n>x)"])
      expect(isTaken(query(text, {})), text).to.equal(false);
    // ErrLarge of Go 1.26: many repetitions of much.
    expect(isTaken(query(`(${".".repeat(4080)}){1000}`, {}))).to.equal(false);
    expect(isTaken(query(`(${".".repeat(80)}){1000}`, {}))).to.equal(true);
  });

  it("knows which templates Consul renders", () => {
    const right = [
      "${name.full}",
      "a-${ match(1) }.${name.suffix}",
      "$${foo}",
      "$$",
      "}",
      '${match(1) == "" ? "a" : name.prefix}',
    ];
    for (const Service of right) expect(isTaken(query("", { Service })), Service).to.equal(true);
    const wrong = [
      "${",
      "${foo}",
      "\\${",
      "$$${x}",
      '${match("a")}',
      '${upper("a")}',
      "${name.full",
      "${1/0}",
      "${name.full + 1}",
    ];
    for (const Service of wrong) expect(isTaken(query("", { Service })), Service).to.equal(false);
    expect(isTaken(query("", { Tags: ["${"] }))).to.equal(false);
    expect(isTaken(query("", { NodeMeta: { a: "${" } }))).to.equal(false);
    expect(isTaken(query("", { NodeMeta: { "${": "a" } }))).to.equal(true);
    expect(isTaken({ type: 7, value: { ID, Service: { Service: "${" } } }), "no template").to.equal(true);
  });

  it("looks at templates only up to a length that none has: their work is done without a pause", () => {
    const sum = (terms: number): string => `\${1${"+1".repeat(terms)}}`;
    const choices = (count: number): string => `\${${"1==1?1:".repeat(count)}1}`;
    for (const right of [
      sum(10_000),
      choices(20),
      "${name.full}".repeat(2000),
      "$".repeat(900_000),
      "$${".repeat(300_000),
    ]) {
      expect(isTaken(query("", { Service: right })), right.slice(0, 20)).to.equal(true);
    }
    for (const wrong of [sum(20_000), sum(400_000), choices(100), choices(100_000), "${name.full}".repeat(80_000)]) {
      expect(isTaken(query("", { Service: wrong })), wrong.slice(0, 20)).to.equal(false);
    }
    const tags = (count: number): string[] => Array.from({ length: count }, () => "$${");
    expect(isTaken(query("", { Tags: tags(5000) }))).to.equal(true);
    expect(isTaken(query("", { Tags: tags(5001) }))).to.equal(false);
  });

  it("compares the names and the checks of a node only up to a number that none has", () => {
    const checks = (count: number): Value => Array.from({ length: count }, () => ({ CheckID: "c", Node: "n" }));
    expect(isTaken(node({ Checks: checks(5000) }))).to.equal(true);
    expect(isTaken(node({ Checks: checks(5001) }))).to.equal(false);
    expect(isTaken(node({ Node: "n".repeat(500_000) }))).to.equal(true);
    expect(isTaken(node({ Node: "é".repeat(4000) }))).to.equal(true);
    expect(isTaken(node({ Node: "é".repeat(5000) }))).to.equal(false);
  });
});
