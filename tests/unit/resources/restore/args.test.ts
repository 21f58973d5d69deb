import { expect } from "chai";
import { UNKNOWN, type Values } from "../../../../provider/lifecycle";
import { restorePreview } from "../../../../provider/resources/restore/preview";
import { checkArgs, readArgs } from "../../../../provider/resources/restore/args";
import { ALLOWANCES } from "../../../../provider/restore/guards";

const none = { config: () => undefined, env: {} };
const right: Values = {
  runId: "2026-11-23 rollback",
  validUntil: "2026-11-24T00:00:00Z",
  source: "./backups/consul-dc1.snap",
  safetySnapshot: { target: "./before-restore/" },
};

function problems(more: Values, without?: string): string[] {
  const inputs = Object.fromEntries(Object.entries({ ...right, ...more }).filter(([name]) => name !== without));
  return checkArgs(inputs, none).map(({ reason }) => reason);
}

describe("the arguments of ConsulSnapshotRestore", () => {
  it("are right with what is required, and with everything", () => {
    expect(problems({})).to.deep.equal([]);
    expect(
      problems({
        source: "s3://backups/consul/dc1.snap.age?region=eu-west-1",
        validUntil: "2026-11-24T00:00:00.5+01:00",
        safetySnapshot: { target: "./{index}.snap.age", encryption: { recipients: ["age1", UNKNOWN] } },
        connection: { address: "127.0.0.1:8500" },
        decryption: { identityFiles: ["/etc/key.txt"] },
        tokenAfterRestore: "c0ffee",
        allow: [...ALLOWANCES, UNKNOWN],
        sha256: "A".repeat(64),
        cluster: "75c3e0c5-5b53-9d5e-0f7a-4f2a4a1f6d11",
        strict: true,
      }),
    ).to.deep.equal([]);
    expect(problems({ safetySnapshot: false })).to.deep.equal([]);
  });

  it("keep a runId that looks like another if state has it already: another id would restore again", () => {
    const inputs = { ...right, runId: "roll  back" };
    expect(checkArgs(inputs, none, inputs)).to.deep.equal([]);
    expect(checkArgs(inputs, none, right).map(({ path }) => path)).to.deep.equal(["runId"]);
  });

  it("are right when their time has passed: the line of a restore that is done stays", () => {
    expect(problems({ validUntil: "2001-01-01T00:00:00Z" })).to.deep.equal([]);
  });

  it("are not judged while they are unknown", () => {
    const names = [...Object.keys(right), "connection", "decryption", "tokenAfterRestore", "allow"];
    expect(problems(Object.fromEntries(names.map((name) => [name, UNKNOWN])))).to.deep.equal([]);
    expect(problems({ safetySnapshot: { target: UNKNOWN, encryption: UNKNOWN } })).to.deep.equal([]);
  });

  for (const name of Object.keys(right)) {
    it(`refuse to be without ${name}`, () => {
      const [reason, ...others] = problems({}, name);
      expect(others).to.be.empty;
      expect(reason).to.match(new RegExp(`^${name} is required`));
    });
  }

  const wrong: [string, Values, RegExp][] = [
    ["a runId of spaces", { runId: "  " }, /^runId is required/],
    ["a time without its zone", { validUntil: "2026-11-24T00:00:00" }, /validUntil must be a time with its zone/],
    ["a day without a time", { validUntil: "2026-11-24" }, /validUntil must be a time with its zone/],
    ["a day that its month does not have", { validUntil: "2026-02-30T00:00:00Z" }, /validUntil must be a time/],
    ["an hour that no day has", { validUntil: "2026-11-24T25:00:00Z" }, /validUntil must be a time/],
    ["a folder as source", { source: "./backups/" }, /source is a folder, not an archive/],
    [
      "a manifest as source",
      { source: "./a.snap.manifest.json" },
      /source is a manifest, not an archive.*"\.\/a\.snap"/,
    ],
    ["a bucket as source", { source: "s3://backups" }, /source is a folder/],
    ["a template as source", { source: "./consul-{index}.snap" }, /source is a template/],
    ["a strange source", { source: "ftp://host/a.snap" }, /^source: .*unknown scheme/],
    ["true as safety snapshot", { safetySnapshot: true }, /safetySnapshot must be \{ target/],
    ["a path as safety snapshot", { safetySnapshot: "./before/" }, /safetySnapshot must be \{ target/],
    ["a safety snapshot that goes nowhere", { safetySnapshot: {} }, /safetySnapshot\.target is required: a path/],
    [
      "a mistyped safety snapshot",
      { safetySnapshot: { target: "./b/", keep: 1 } },
      /safetySnapshot\.keep is not a setting/,
    ],
    [
      "a safety snapshot whose name never changes",
      { safetySnapshot: { target: "./before.snap" } },
      /^safetySnapshot: .*never overwritten.*\{random\} to the name\.$/,
    ],
    [
      "a safety snapshot that promises encryption",
      { safetySnapshot: { target: "./{index}.snap.age" } },
      /^safetySnapshot\.target ends in \.age, but nothing is encrypted/,
    ],
    [
      "a safety snapshot for nobody",
      { safetySnapshot: { target: "./b/", encryption: { recipients: [] } } },
      /^safetySnapshot\.encryption\.recipients is empty/,
    ],
    [
      "what nobody can allow",
      { allow: ["everything"] },
      /"everything" is not a guard that can be overridden: these can: changedSinceManifest/,
    ],
    ["a mistyped allowance", { allow: ["otherDataCentre"] }, /did you mean otherDatacenter\?/],
    ["an allowance that is no list", { allow: "noReceipt" }, /allow must be a list of/],
    ["a SHA-256 that is too short", { sha256: "abc" }, /sha256 must be 64 hexadecimal digits/],
    ["a cluster that is no server's id", { cluster: "the one" }, /cluster must be the Raft id of a server/],
    ["a strict that is a text", { strict: "yes" }, /strict must be true or false/],
    ["a runId of invisible characters", { runId: "\u200b" }, /^runId is required/],
    ["a runId that looks like another", { runId: "roll\u200bback  1" }, /^runId is invalid: .* write "rollback 1"$/],
    ["a token of spaces", { tokenAfterRestore: " " }, /tokenAfterRestore must be an ACL token/],
    ["a mistyped decryption", { decryption: { identites: ["x"] } }, /did you mean identities\?/],
    [
      "a mistyped argument",
      { sourec: "x" },
      /sourec is not an argument of ConsulSnapshotRestore: did you mean source\?/,
    ],
    ["a connection of text", { connection: "consul:8500" }, /connection must be an object/],
    ["a mistyped setting", { connection: { adress: "a:1" } }, /did you mean address/],
  ];
  for (const [name, inputs, said] of wrong) {
    it(`refuse ${name}`, () => {
      const found = problems(inputs);
      expect(found, JSON.stringify(found)).to.have.lengthOf(1);
      expect(found[0]).to.match(said);
    });
  }

  it("are never echoed where they are secret", () => {
    const secret = "hunter2\nhunter2";
    const found = checkArgs(
      {
        ...right,
        tokenAfterRestore: secret,
        decryption: { identities: secret },
        connection: { token: secret, httpAuth: [secret] },
      },
      none,
    );
    expect(found).to.have.length.above(3);
    for (const { path, reason } of found) {
      expect(reason).to.not.include("hunter2");
      expect(path).to.equal(undefined);
    }
  });

  it("mean what they say", () => {
    const args = readArgs({
      ...right,
      validUntil: "2026-11-24T00:00:00+02:00",
      safetySnapshot: { target: "/before/", encryption: { recipients: ["age1x"] } },
      allow: ["noReceipt"],
    });
    expect(args.validUntil.toISOString()).to.equal("2026-11-23T22:00:00.000Z");
    expect(args.safetySnapshot).to.deep.include({ recipients: ["age1x"] });
    expect(args.allow).to.deep.equal(["noReceipt"]);
    expect(readArgs({ ...right, safetySnapshot: false }).safetySnapshot).to.equal(false);
  });
});

describe("what is announced of a restore", () => {
  const before = new Date("2026-11-23T23:59:59Z");

  it("is the cluster, the archive and the run", () => {
    expect(
      restorePreview({ ...right, connection: { address: "consul.example:8500", token: "hunter2" } }, none, before),
    ).to.equal(
      "all state of Consul at http://consul.example:8500 will be replaced by ./backups/consul-dc1.snap " +
        '(run "2026-11-23 rollback"), unless this run was restored already',
    );
  });

  it("says what is not known yet, and never guesses the cluster", () => {
    const said = restorePreview(
      { ...right, runId: UNKNOWN, source: UNKNOWN, connection: { address: UNKNOWN } },
      { config: () => undefined, env: { CONSUL_HTTP_ADDR: "other.example:8500" } },
      before,
    );
    expect(said).to.equal(
      "all state of a Consul that is not known yet will be replaced by an archive that is not known yet " +
        "(a run that is not known yet), unless this run was restored already",
    );
  });

  it("is that nothing will be restored where the source cannot be, and one line says so", () => {
    expect(restorePreview(right, none, before, "there is no archive at ./a.snap")).to.equal(
      'there is no archive at ./a.snap: as it is now, nothing will be restored (run "2026-11-23 rollback")',
    );
  });

  it("is that nothing will be restored when the time has passed", () => {
    expect(restorePreview(right, none, new Date("2026-11-24T00:00:01Z"))).to.match(
      /has passed: nothing will be restored$/,
    );
  });
});
