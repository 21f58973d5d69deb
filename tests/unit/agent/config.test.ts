import { readFileSync } from "node:fs";
import { expect } from "chai";
import { type AgentConfig, readConfig } from "../../../agent/config/config";
import { HINTS } from "../../../agent/config/destinationHints";
import { DESTINATIONS } from "../../../agent/config/destinationKeys";
import { readFlags } from "../../../agent/config/flags";
import { type KeyTable, ROOT_KEYS, SECTIONS } from "../../../agent/config/keys";
import { SnapshotError } from "../../../provider/errors";
import { FORMER_EXAMPLE, PRESENT_EXAMPLE } from "../../fixtures/documentedConfigurations";

type Env = Readonly<Record<string, string>>;

function configOf(texts: readonly string[], args: readonly string[] = [], env: Env = {}): AgentConfig {
  const files = texts.map((text, at) => ({ file: `${at}.json`, text }));
  return readConfig(files, readFlags(args), { env });
}

function agent(value: object): string {
  return JSON.stringify({ snapshot_agent: value });
}

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof SnapshotError) return `${error.message}\n${error.hint}`;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("the agent's configuration", () => {
  for (const [form, text] of [
    ["the present form", PRESENT_EXAMPLE],
    ["the form before 1.19", FORMER_EXAMPLE],
  ] as const) {
    it(`is what HashiCorp documents as defaults, in ${form}`, () => {
      const { destinations, connection, ...config } = configOf([text]);
      expect(config).to.deep.equal({
        log: { level: "INFO", format: "text", syslog: false, facility: "LOCAL0" },
        schedule: { kind: "interval", everyMs: 3_600_000 },
        jitterMs: 0,
        stale: false,
        service: "consul-snapshot",
        deregisterAfterMs: 72 * 3_600_000,
        lockKey: "consul-snapshot/lock",
        maxFailures: 3,
        notices: [],
      });
      expect(connection).to.deep.equal({ address: "127.0.0.1:8500" });
      expect(destinations.map(({ name }) => name)).to.deep.equal([`${process.cwd()}/`]);
      expect(destinations[0]).to.deep.include({ dropIn: true, overwrite: false, retention: { keepLast: 30 } });
      expect(destinations[0]!.target.key).to.equal(`${process.cwd()}/consul-{nanoseconds}.snap`);
    });
  }

  it("is the same without any file, flag or variable", () => {
    expect(configOf([])).to.deep.equal({ ...configOf([PRESENT_EXAMPLE]), connection: {} });
  });

  it("is overridden key by key: a file by a later one, that by a flag", () => {
    const files = [
      agent({
        snapshot: { interval: "1h", retain: 5 },
        login: { auth_method: "k8s", bearer_token: "aaaabbbb", meta: { a: "1" } },
      }),
      agent({ snapshot: { interval: "30m" } }),
      JSON.stringify({ server: true }),
    ];
    const config = configOf(files, ["-retain=7", "-stale", "-login-meta", "b=2", "--login-meta=c=3=4"]);
    expect(config.schedule).to.deep.equal({ kind: "interval", everyMs: 1_800_000 });
    expect(config.destinations[0]!.retention).to.deep.equal({ keepLast: 7 });
    expect(config.stale).to.equal(true);
    expect(config.login).to.deep.equal({ authMethod: "k8s", bearerToken: "aaaabbbb", meta: { b: "2", c: "3=4" } });
  });

  it("is overridden by a flag and by a later file also where these say the same by another key", () => {
    const everyHour = { kind: "interval", everyMs: 3_600_000 };
    const nightly = { kind: "cron", expression: "0 3 * * *", timeZone: "UTC" };
    const [hourFile, nightFile, onceFile] = [{ interval: "1h" }, { schedule: "0 3 * * *" }, { interval: "0" }].map(
      (snapshot) => agent({ snapshot }),
    );
    for (const [files, args, expected] of [
      [[hourFile], ["-schedule", "0 3 * * *"], nightly],
      [[onceFile], ["-schedule", "0 3 * * *"], nightly],
      [[nightFile], ["-interval=1h"], everyHour],
      [[nightFile], ["-interval=0"], "once"],
      [[hourFile, nightFile], [], nightly],
      [[nightFile, hourFile], [], everyHour],
    ] as const) {
      expect(configOf(files.map(String), args).schedule, args.join()).to.deep.equal(expected);
    }
    // Those of one place still contradict each other.
    expect(messageOf(() => configOf([], ["-interval=1h", "-schedule=0 3 * * *"]))).to.include("set together");

    const { connection, login } = configOf(
      [agent({ token: "aaaabbbb", ca_file: "a.pem", login: { auth_method: "k8s", bearer_token: "ccccdddd" } })],
      ["-token-file=t", "-ca-path=p", "-login-bearer-token-file=b"],
    );
    expect(connection).to.deep.equal({ tokenFile: "t", caPath: "p" });
    expect(login).to.deep.equal({ authMethod: "k8s", bearerTokenFile: "b", meta: {} });
    const reverse = configOf(
      [agent({ token_file: "t", ca_path: "p", login: { auth_method: "k8s", bearer_token_file: "b" } })],
      ["-token=aaaabbbb", "-ca-file=a.pem", "-login-bearer-token=ccccdddd"],
    );
    expect(reverse.connection).to.deep.equal({ token: "aaaabbbb", caFile: "a.pem" });
    expect(reverse.login).to.deep.include({ bearerToken: "ccccdddd" }).and.not.have.property("bearerTokenFile");

    const blob = { container_name: "c", account_name: "n" };
    const principal = { service_principal_id: "i", service_principal_secret: "ssssssss", tenant_id: "t" };
    const azureOf = (own: object, args: readonly string[]) =>
      configOf([agent({ azure_blob_storage: { ...blob, ...own } })], args).destinations[0]!.credentials.azure;
    expect(azureOf(principal, ["-azure-blob-account-key=a2V5"])).to.deep.equal({ accountKey: "a2V5" });
    expect(
      azureOf({ account_key: "a2V5" }, [
        "-azure-blob-service-principal-id=i",
        "-azure-blob-service-principal-secret=ssssssss",
        "-azure-blob-tenant-id=t",
      ]),
    ).to.deep.equal({ servicePrincipal: { clientId: "i", clientSecret: "ssssssss", tenantId: "t" } });

    const [retained, ruled] = [{ retain: 3 }, { retention: { keepDaily: 7 } }].map((own) =>
      agent({ local_storage: { path: "/a", ...own } }),
    );
    for (const [files, expected] of [
      [[retained, ruled], { keepDaily: 7 }],
      [[ruled, retained], { keepLast: 3 }],
    ] as const) {
      expect(configOf(files.map(String)).destinations[0]!.retention).to.deep.equal(expected);
    }
  });

  it("names in hints for its destinations only keys that they have", () => {
    for (const [kind, hints] of Object.entries(HINTS)) {
      const keys = Object.keys(DESTINATIONS[kind as keyof typeof DESTINATIONS]);
      const named = Object.values(hints).flatMap((hint) => String(hint).match(/\b[a-z0-9]+(?:_[a-z0-9]+)+\b/g) ?? []);
      expect(keys, kind).to.include.members(named);
      expect(named).to.not.have.lengthOf(0);
    }
  });

  it("takes one snapshot with an interval of 0, from a file or a flag", () => {
    expect(configOf([], ["-interval=0"]).schedule).to.equal("once");
    expect(configOf([agent({ snapshot: { interval: "0" } })]).schedule).to.equal("once");
    expect(configOf([agent({ snapshot: { interval: "0s" } })]).schedule).to.equal("once");
  });

  it("switches the local folder off beside a single other storage, but not in backup_destinations", () => {
    const s3 = { s3_bucket: "b", s3_region: "eu-west-1" };
    const names = (texts: string[], args: string[] = []) => configOf(texts, args).destinations.map(({ name }) => name);
    expect(names([agent({ local_storage: { path: "/a" }, aws_storage: s3 })])).to.deep.equal([
      "s3://b/consul-snapshot/",
    ]);
    expect(names([], ["-local-path=/a", "-aws-s3-bucket=b"])).to.deep.equal(["s3://b/consul-snapshot/"]);
    expect(
      names([agent({ backup_destinations: { local_storage: [{ path: "/a" }, { path: "/b/" }], aws_storage: [s3] } })]),
    ).to.deep.equal(["/a/", "/b/", "s3://b/consul-snapshot/"]);
  });

  it("makes a location and credentials of each kind of storage", () => {
    const { destinations } = configOf([
      agent({
        backup_destinations: {
          aws_storage: [
            {
              access_key_id: "AKIA",
              secret_access_key: "secretsecret",
              role_arn: "arn:aws:iam::1:role/r",
              s3_bucket: "b",
              s3_endpoint: "https://minio.example:9000",
              s3_key_prefix: "/x/y/",
              s3_force_path_style: true,
              s3_enable_kms: true,
              s3_kms_key: "k",
            },
            { name: "static", s3_bucket: "b", s3_region: "r", s3_static_snapshot_name: "now.snap" },
          ],
          azure_blob_storage: [
            { account_name: "acc", account_key: "a2V5", container_name: "c", environment: "AzureChinaCloud" },
            {
              account_name: "other",
              container_name: "d",
              service_principal_id: "id",
              service_principal_secret: "secretsecret",
              tenant_id: "t",
            },
          ],
          google_storage: [{ bucket: "g", retain: 0 }],
          targets: [
            {
              target: "s3://z/{datacenter}/?region=r",
              retention: { keepDaily: 7 },
              recipients: ["age1x"],
              interval: "1d",
            },
          ],
        },
      }),
    ]);
    expect(destinations.map(({ target }) => `${target.bucket}/${target.key}`)).to.deep.equal([
      "b/x/y/consul-{nanoseconds}.snap",
      "b/now.snap",
      "c/consul-{nanoseconds}.snap",
      "d/consul-{nanoseconds}.snap",
      "g/consul-{nanoseconds}.snap",
      "z/{datacenter}/consul-{datacenter}-{timestamp}-{index}-{random}.snap",
    ]);
    const [s3, still, azure, principal, google, target] = destinations;
    expect(Object.fromEntries(s3!.target.settings)).to.deep.equal({
      endpoint: "https://minio.example:9000",
      use_path_style: "true",
      sse: "aws:kms",
      kmsKeyId: "k",
    });
    expect(s3!.credentials).to.deep.equal({
      aws: { accessKeyId: "AKIA", secretAccessKey: "secretsecret", roleArn: "arn:aws:iam::1:role/r" },
    });
    expect(still).to.deep.include({ overwrite: true, dropIn: false, retention: {} });
    expect(Object.fromEntries(azure!.target.settings)).to.deep.equal({
      storage_account: "acc",
      domain: "blob.core.chinacloudapi.cn",
    });
    expect(azure!.credentials).to.deep.equal({ azure: { accountKey: "a2V5" } });
    expect(principal!.credentials.azure!.servicePrincipal).to.deep.equal({
      tenantId: "t",
      clientId: "id",
      clientSecret: "secretsecret",
    });
    expect(google!.retention).to.deep.equal({});
    expect(target).to.deep.include({ dropIn: false, retention: { keepDaily: 7 }, recipients: ["age1x"] });
    expect(target!.schedule).to.deep.equal({ kind: "interval", everyMs: 86_400_000 });
  });

  it("reads secrets from a variable or a file, and never repeats one", () => {
    const text = agent({ token: "env://MY_TOKEN" });
    expect(configOf([text], [], { MY_TOKEN: "from-the-variable" }).connection.token).to.equal("from-the-variable");
    expect(messageOf(() => configOf([text]))).to.include("token: the variable MY_TOKEN is not set");
    const wrong = agent({ token: 12345678, login: { bearer_token: ["hunter2hunter2"] } });
    expect(messageOf(() => configOf([wrong]))).to.not.match(/12345678|hunter2/);
  });

  it("refuses what it does not know, with the nearest key, and names every problem at once", () => {
    const message = messageOf(() =>
      configOf([
        agent({
          htp_addr: "x",
          snapshot: { intervall: "1h", retain: -1, deregister_after: 5 },
          backup_destinations: { aws_storage: [{ s3_buket: "b" }], s3: [] },
          local_storage: { path: 3, retention: { keepLast: 0 } },
        }),
      ]),
    );
    for (const part of [
      "0.json: htp_addr is not a key: did you mean http_addr?",
      "snapshot.intervall is not a key: did you mean interval?",
      "snapshot.retain must be a whole number from 0",
      'snapshot.deregister_after must be a duration such as "1h"',
      "backup_destinations.aws_storage[0].s3_buket is not a key: did you mean s3_bucket?",
      "backup_destinations.s3 is not a key: known are local_storage",
      "local_storage.path must be a string",
      "local_storage.retention.keepLast must be a positive integer",
    ]) {
      expect(message).to.include(part);
    }
  });

  it("refuses what contradicts itself", () => {
    const problems: readonly (readonly [object, string])[] = [
      [{ snapshot: { schedule: "0 * * * *", interval: "1h" } }, "set together"],
      [{ snapshot: { schedule: "often" } }, '"often" is not a cron expression'],
      [{ snapshot: { schedule: "0 * * * *", time_zone: "Mars/Base" } }, '"Mars/Base" is not a time zone'],
      [{ snapshot: { interval: "5ms" } }, "at least 1s"],
      [{ login: { auth_method: "k8s" } }, "needs login.bearer_token_file"],
      [{ aws_storage: { s3_bucket: "b", access_key_id: "k" } }, "belong together"],
      [{ azure_blob_storage: { container_name: "c", tenant_id: "t" } }, "belong together"],
      [{ log: { level: "loud" } }, "log.level must be one of"],
      [{ local_storage: { path: "/a{b}" } }, "contains a brace"],
      [{ targets: [{ target: "/a/b.snap" }] }, "would be the same for every snapshot"],
      [
        { backup_destinations: { local_storage: [{ path: "/a" }, { path: "/a/" }] } },
        "two destinations are called /a/",
      ],
      [{ heartbeat: { url: "ftp://x" } }, "heartbeat.url must be a URL"],
      [{ http: { address: "nonsense" } }, "http.address nonsense is invalid: write it as 127.0.0.1:8580 or"],
      [{ http: { address: ":65536" } }, "http.address :65536 is invalid"],
      [{ http: { address: "unix://agent.sock" } }, "http.address unix://agent.sock is invalid"],
    ];
    for (const [value, expected] of problems) expect(messageOf(() => configOf([agent(value)]))).to.include(expected);
  });

  it("serves its endpoints on a port, of loopback where no host is named, or on a unix socket", () => {
    const addressOf = (address: string) => configOf([agent({ http: { address } })]).http?.address;
    const port = (host: string) => ({ kind: "port", host, port: 8580 });
    expect(addressOf(":8580")).to.deep.equal(port("127.0.0.1"));
    expect(addressOf("http://localhost:8580")).to.deep.equal(port("localhost"));
    expect(addressOf("[::1]:8580")).to.deep.equal(port("::1"));
    expect(addressOf("unix:///run/agent.sock")).to.deep.equal({ kind: "socket", path: "/run/agent.sock" });
  });

  it("has the destinations of a list in either place", () => {
    const aws = (...buckets: string[]) => ({ aws_storage: buckets.map((s3_bucket) => ({ s3_bucket })) });
    for (const both of [
      { ...aws("a"), backup_destinations: aws("b", "c") },
      { backup_destinations: aws("a", "b"), ...aws("c") },
    ]) {
      const { destinations } = configOf([agent(both)]);
      expect(destinations.map(({ target }) => target.bucket)).to.deep.equal(["a", "b", "c"]);
    }
  });

  it("refuses files that are none, and a set of files of which none is for it", () => {
    expect(messageOf(() => configOf(["{"]))).to.include("0.json is not JSON: line 1, column 2: the file ends, but ");
    expect(messageOf(() => configOf(["[]"]))).to.include("0.json must contain an object");
    expect(messageOf(() => configOf(['{"server": true}']))).to.include(
      "no configuration file has a snapshot_agent object",
    );
  });

  it("says how to try it, with the flags that say where it is", () => {
    // Without -config-file and -config-dir, -check-config tries the defaults, and says that they work.
    expect(messageOf(() => configOf([agent({ snapshot: { intervall: "1h" } })]))).to.equal(
      "the configuration is invalid: 0.json: snapshot.intervall is not a key: did you mean interval?\n" +
        "Correct it. The agent's flags and -check-config try it without taking a snapshot.",
    );
  });

  it("refuses folders without a file for it, also if flags set keys, and none of these beside a file that is for it", () => {
    for (const args of [["-config-dir=d"], ["-config-dir", "d", "-retain=3"]]) {
      expect(messageOf(() => configOf([], args))).to.equal(
        "the configuration is invalid: no configuration file has a snapshot_agent object\n" +
          "Check -config-file and -config-dir; without both, flags and variables alone configure the agent.",
      );
      const former = { local_storage: { path: "a" } };
      for (const keys of [{}, former, { backup_destinations: { local_storage: [{ path: "a" }] } }]) {
        expect(configOf(['{"server": true}', agent(keys)], args).destinations).to.have.length(1);
      }
    }
  });

  it("accepts what has no meaning here, and says so once", () => {
    const { notices } = configOf(
      [
        agent({ license_path: "/x", aws_storage: { s3_bucket: "b", iam_endpoint: "y" } }),
        agent({ license_path: "/z" }),
      ],
      [],
      {
        CONSUL_LICENSE: "z",
      },
    );
    expect(notices).to.deep.equal([
      "aws_storage.iam_endpoint has no effect: no request goes to IAM",
      "license_path has no effect: this agent needs no license",
      "CONSUL_LICENSE has no effect: this agent needs no license",
    ]);
  });
});

describe("the agent's flags", () => {
  it("are those of Go: one dash or two, with an equals sign or a blank, switches alone or with a value", () => {
    const flags = readFlags([
      "-config-file",
      "a.json",
      "--config-dir=d",
      "-config-file=b.json",
      "-syslog=false",
      "-stale",
    ]);
    expect(flags).to.deep.include({ configFiles: ["a.json", "b.json"], configFolders: ["d"], checkConfig: false });
    expect(flags.document.sections.log).to.deep.equal({ enable_syslog: false });
    expect(flags.document.sections.snapshot).to.deep.equal({ stale: true });
    expect(readFlags(["--check-config"]).checkConfig).to.equal(true);
  });

  it("warn of each secret that other users of the machine can see", () => {
    const noticesOf = (...args: string[]) => readFlags(args).notices.join();
    expect(noticesOf("-token", "t")).to.include("-token is visible").and.include("use -token-file");
    expect(noticesOf("-login-bearer-token=t")).to.include("use -login-bearer-token-file");
    for (const flag of ["-aws-secret-access-key", "-aws-session-token", "-azure-blob-account-key"]) {
      expect(noticesOf(flag, "s")).to.include(`${flag} is visible`).and.include("env://NAME or file://PATH");
      expect(noticesOf(flag, "env://SECRET")).to.equal("");
    }
  });

  it("are refused where they are misspelled, lack a value, or have an invalid one", () => {
    expect(messageOf(() => readFlags(["-intervall=1h"]))).to.include(
      "unknown flag -intervall\nDid you mean -interval?",
    );
    expect(messageOf(() => readFlags(["-retain"]))).to.include("flag -retain needs a value");
    expect(messageOf(() => readFlags(["-retain=many"]))).to.include("-retain must be a whole number from 0");
    expect(messageOf(() => readFlags(["-login-meta=x"]))).to.include("-login-meta must be key=value");
    expect(messageOf(() => readFlags(["now"]))).to.include("agent takes no operand: now");
  });
});

describe("the reference of the agent's configuration", () => {
  const page = readFileSync("docs/reference/agent.md", "utf8");

  for (const [name, table] of Object.entries({ snapshot_agent: ROOT_KEYS, ...SECTIONS, ...DESTINATIONS })) {
    it(`has a row for each key of ${name}, with its default, flag and variable`, () => {
      for (const [key, row] of Object.entries(table as KeyTable)) {
        const line = page
          .split("\n")
          .find((each) => each.startsWith(`| \`${key}\` |`) && each.includes(row.documentation));
        expect(line, key).to.include(row.default === undefined ? "" : `\`${String(row.default)}\``);
        expect(line, key).to.include(row.flag === undefined ? "" : `\`-${row.flag}\``);
        expect(line, key).to.include(row.environment ?? "");
      }
    });
  }
});
