import { expect } from "chai";
import { UNKNOWN, type Values } from "../../../../provider/lifecycle";
import { checkArgs } from "../../../../provider/resources/snapshot/args";

const none = { config: () => undefined, env: {} };

function problems(inputs: Values): string[] {
  return checkArgs(inputs, none).map(({ reason }) => reason);
}

describe("the arguments of ConsulSnapshot", () => {
  it("are right with a target alone, and with everything", () => {
    expect(problems({ target: "./backups/" })).to.deep.equal([]);
    expect(
      problems({
        target: "./backups/{name}-{index}.snap",
        triggers: [1, { a: "b", emptyDir: {} }],
        connection: { address: "127.0.0.1:8500", scheme: "http", datacenter: "dc1" },
        consistency: "stale",
        maxStaleness: "30s",
        overwrite: false,
        deletionPolicy: "retain",
        maxAge: "20h",
        retention: { keepLast: 7, keepDaily: 30, keepWithin: "48h" },
        verifyOnRefresh: true,
        inspect: { kvDepth: 1, kvFilter: "app/" },
        encryption: { recipients: ["age1", UNKNOWN] },
        series: "acme/shop/prod/backup",
      }),
    ).to.deep.equal([]);
  });

  it("are not judged while they are unknown", () => {
    const names = ["target", "triggers", "connection", "consistency", "maxStaleness", "overwrite", "deletionPolicy"];
    expect(problems(Object.fromEntries(names.map((name) => [name, UNKNOWN])))).to.deep.equal([]);
    expect(
      problems({ target: "./b/", triggers: [UNKNOWN], connection: { address: UNKNOWN, token: UNKNOWN } }),
    ).to.deep.equal([]);
  });

  const wrong: [string, Values, RegExp][] = [
    ["no target", {}, /target is required/],
    ["an empty target", { target: "" }, /the target is empty/],
    ["a name that never changes", { target: "./consul.snap" }, /never overwritten.*add \{timestamp\}/],
    ["an unknown placeholder", { target: "./{date}.snap" }, /unknown placeholder \{date\}.*\{timestamp\}/],
    ["an unknown scheme", { target: "ftp://host/x/" }, /unknown scheme.*s3:\/\//],
    ["credentials in a URL", { target: "s3://key:hunter2@bucket/" }, /contains credentials/],
    ["a mistyped argument", { target: "./b/", trigger: [1] }, /trigger is not an argument.*did you mean triggers\?/],
    ["encryption for nobody", { target: "./b/", encryption: { recipients: [] } }, /encryption\.recipients is empty/],
    [
      "encryption without recipients",
      { target: "./b/", encryption: {} },
      /encryption\.recipients is required: a list of public keys/,
    ],
    ["a mistyped encryption", { target: "./b/", encryption: { recipient: "age1" } }, /encryption\.recipient is not/],
    ["a name that promises encryption", { target: "./b/{index}.snap.age" }, /ends in \.age, but nothing is encrypted/],
    ["an age that is no duration", { target: "./b/", maxAge: "daily" }, /maxAge: .*daily/],
    ["an age of nothing", { target: "./b/", maxAge: "0s" }, /maxAge must be greater than zero; omit it/],
    ["an age of nothing in ISO 8601", { target: "./b/", maxAge: "PT0S" }, /maxAge must be greater than zero/],
    [
      "a retention that keeps nothing",
      { target: "./b/", retention: { keepLast: 0 } },
      /keepLast must be a positive integer/,
    ],
    [
      "retention with a policy that deletes",
      { target: "./b/", retention: { keepLast: 1 }, deletionPolicy: "delete" },
      /cannot go with retention/,
    ],
    ["a strange consistency", { target: "./b/", consistency: "weak" }, /"consistent", "stale"/],
    ["a strange policy", { target: "./b/", deletionPolicy: "keep" }, /"retain", "delete"/],
    ["staleness of a consistent snapshot", { target: "./b/", maxStaleness: "5s" }, /consistency: "stale"/],
    ["a bad duration", { target: "./b/", consistency: "stale", maxStaleness: "soon" }, /maxStaleness.*soon/],
    ["a depth of no segment", { target: "./b/", inspect: { kvDepth: 0 } }, /kvDepth must be a positive integer/],
    ["a mistyped inspection", { target: "./b/", inspect: { depth: 1 } }, /inspect\.depth is not a setting/],
    ["an empty series", { target: "./b/", series: " " }, /series must be a string of 1 to 200 printable characters/],
    ["a series of two lines", { target: "./b/", series: "a\nb" }, /series must be a string/],
    ["a series of any length", { target: "./b/", series: "a".repeat(201) }, /series must be a string/],
    [
      "a trigger that is all that is left of a Date",
      { target: "./b/", triggers: ["1", {}] },
      /triggers\[1\] contains only an empty object/,
    ],
    ["triggers that are no list", { target: "./b/", triggers: "x" }, /triggers must be a list/],
    ["half a certificate", { target: "./b/", connection: { certFile: __filename } }, /keyFile|keyPem/],
    ["an unreadable file", { target: "./b/", connection: { caFile: "/nowhere/ca.pem" } }, /\/nowhere\/ca\.pem/],
    ["a bad address", { target: "./b/", connection: { address: "http://" } }, /address/],
    ["a mistyped setting", { target: "./b/", connection: { adress: "a:1" } }, /did you mean.*address/],
  ];
  for (const [name, inputs, said] of wrong) {
    it(`refuse ${name}`, () => {
      const found = problems(inputs);
      expect(found, JSON.stringify(found)).to.have.lengthOf(1);
      expect(found[0]).to.match(said);
    });
  }

  it("are never echoed where they are secret", () => {
    const secret = "hunter2-hunter2";
    const text = JSON.stringify(
      checkArgs(
        {
          target: `s3://user:${secret}@bucket/`,
          connection: { token: { value: secret }, httpAuth: [secret], keyPem: secret, headers: secret },
        },
        none,
      ),
    );
    expect(text).to.not.include(secret);
  });
});
