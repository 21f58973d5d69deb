import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { connectionOptions } from "../../../cli/options/connection";
import { commandVocabulary } from "../../../cli/options/vocabulary";
import { PROGRAM_VOCABULARY } from "../../../provider/args/vocabulary";
import {
  checkConnection,
  type Connection,
  type ConnectionArgs,
  resolveConnection,
} from "../../../provider/consul/connection";
import { SnapshotError } from "../../../provider/errors";
import { type Certificates, makeCertificates } from "../../support/consul/certificates";
import { withoutRights } from "../../support/faults/unprivileged";

type Texts = Readonly<Record<string, string>>;

const sources = (config: Texts = {}, env: Texts = {}) => ({ config: (key: string) => config[key], env });
const resolve = (args: ConnectionArgs = {}, config: Texts = {}, env: Texts = {}): Connection =>
  resolveConnection(args, sources(config, env));
const reasons = (args: object, config: Texts = {}, env: Texts = {}): string[] =>
  checkConnection(args, sources(config, env)).map(({ reason }) => reason);

describe("a connection to Consul", function () {
  this.timeout(60_000);
  let folder: string;
  let certificates: Certificates;
  let other: Certificates;
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "connection-test-"));
    certificates = await makeCertificates();
    other = await makeCertificates();
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
    await certificates.remove();
    await other.remove();
  });

  it("is http at 127.0.0.1:8500 without a token when nothing is given", () => {
    const { labels, vocabulary, ...connection } = resolve();
    expect(labels.set).to.deep.equal({});
    expect(vocabulary).to.equal(PROGRAM_VOCABULARY);
    expect(connection).to.deep.equal({
      url: "http://127.0.0.1:8500",
      origin: "http://127.0.0.1:8500",
      pathPrefix: "",
      headers: {},
      options: [],
      connectTimeoutMs: 30_000,
      firstByteTimeoutMs: 1_800_000,
      idleTimeoutMs: 120_000,
    });
  });

  describe("takes each setting from the argument, else from configuration, else from the environment", () => {
    const settings: {
      name: string;
      variable?: string;
      values: [string, string, string];
      read: (c: Connection) => unknown;
    }[] = [
      {
        name: "address",
        variable: "CONSUL_HTTP_ADDR",
        values: ["one:1", "two:2", "three:3"],
        read: ({ url }) => url.replace("http://", ""),
      },
      { name: "token", variable: "CONSUL_HTTP_TOKEN", values: ["one", "two", "three"], read: ({ token }) => token },
      { name: "datacenter", values: ["one", "two", ""], read: ({ datacenter }) => datacenter },
      { name: "namespace", variable: "CONSUL_NAMESPACE", values: ["one", "two", "three"], read: (c) => c.namespace },
      { name: "partition", variable: "CONSUL_PARTITION", values: ["one", "two", "three"], read: (c) => c.partition },
      {
        name: "httpAuth",
        variable: "CONSUL_HTTP_AUTH",
        values: ["user:one", "user:two", "user:three"],
        read: ({ headers }) => Buffer.from((headers.Authorization ?? "").slice("Basic ".length), "base64").toString(),
      },
    ];
    for (const { name, variable, values, read } of settings) {
      it(name, () => {
        fc.assert(
          fc.property(fc.boolean(), fc.boolean(), fc.boolean(), (inArgs, inConfig, inEnv) => {
            const present = [inArgs, inConfig, inEnv && variable !== undefined];
            const connection = resolve(
              inArgs ? { [name]: values[0] } : {},
              inConfig ? { [`consul:${name}`]: values[1] } : {},
              inEnv && variable !== undefined ? { [variable]: values[2] } : {},
            );
            const expected = values[present.indexOf(true)] ?? read(resolve());
            expect(read(connection)).to.equal(expected);
          }),
        );
      });
    }

    it("a token file before a token of the same place, and a token before a file of a later place", async () => {
      const tokenFile = await file("token", "  from-file\n");
      const token = (args: ConnectionArgs, config: Texts, env: Texts) => resolve(args, config, env).token;
      expect(token({ token: "a", tokenFile }, {}, {})).to.equal("from-file");
      expect(token({ token: "a" }, { "consul:tokenFile": tokenFile }, {})).to.equal("a");
      expect(token({}, { "consul:token": "c" }, { CONSUL_HTTP_TOKEN_FILE: tokenFile })).to.equal("c");
      expect(token({}, {}, { CONSUL_HTTP_TOKEN: "e", CONSUL_HTTP_TOKEN_FILE: tokenFile })).to.equal("from-file");
    });

    it("the authority as text or file: of one place, whatever the next has", async () => {
      const pem = await import("node:fs/promises").then((fs) => fs.readFile(certificates.caFile, "utf8"));
      const env = { CONSUL_CACERT: other.caFile };
      expect(resolve({ address: "https://c", caPem: pem }, {}, env).tls?.ca).to.equal(pem);
      expect(resolve({ address: "https://c" }, { "consul:caFile": certificates.caFile }, env).tls?.ca).to.equal(pem);
    });

    it("the two halves of a client certificate from different places", () => {
      const { tls } = resolve(
        { address: "https://c" },
        { "consul:certFile": certificates.clientCert },
        { CONSUL_CLIENT_KEY: certificates.clientKey },
      );
      expect(tls?.cert).to.include("CERTIFICATE");
      expect(tls?.key).to.include("PRIVATE KEY");
    });
  });

  it("reads all of a folder of authorities", async () => {
    const caPath = join(folder, "authorities");
    await mkdir(caPath);
    const { copyFile, readFile } = await import("node:fs/promises");
    await copyFile(certificates.caFile, join(caPath, "a.pem"));
    await copyFile(other.caFile, join(caPath, "b.pem"));
    for (const connection of [
      resolve({ address: "https://c", caPath }),
      resolve({ address: "https://c" }, {}, { CONSUL_CAPATH: caPath }),
    ]) {
      expect(connection.tls?.ca).to.include((await readFile(certificates.caFile, "utf8")).trim());
      expect(connection.tls?.ca).to.include((await readFile(other.caFile, "utf8")).trim());
    }
  });

  describe("finds its address", () => {
    const found: [string, ConnectionArgs, Texts, Texts, string][] = [
      ["host and port", { address: "consul:1234" }, {}, {}, "http://consul:1234"],
      ["a URL", { address: "https://consul:1234" }, {}, {}, "https://consul:1234"],
      ["a URL in any case", { address: "HTTPS://Consul:1234" }, {}, {}, "https://consul:1234"],
      ["an IPv6 address", { address: "[::1]:8500" }, {}, {}, "http://[::1]:8500"],
      ["a path before the API", { address: "https://proxy/consul/" }, {}, {}, "https://proxy/consul"],
      ["a scheme beside it", { address: "consul:1", scheme: "https" }, {}, {}, "https://consul:1"],
      ["a scheme from configuration", { address: "consul:1" }, { "consul:scheme": "https" }, {}, "https://consul:1"],
      ["CONSUL_HTTP_SSL", {}, {}, { CONSUL_HTTP_SSL: "true" }, "https://127.0.0.1:8500"],
      ["CONSUL_HTTP_SSL=0", {}, {}, { CONSUL_HTTP_SSL: "0" }, "http://127.0.0.1:8500"],
      ["its own scheme before a later place's", { address: "http://c:1" }, {}, { CONSUL_HTTP_SSL: "1" }, "http://c:1"],
      [
        "https in the environment, as Consul does",
        {},
        {},
        { CONSUL_HTTP_ADDR: "http://c:1", CONSUL_HTTP_SSL: "1" },
        "https://c:1",
      ],
      ["a unix socket", { address: "unix:///run/consul.sock" }, {}, {}, "unix:///run/consul.sock"],
      ["a unix socket in the environment", {}, {}, { CONSUL_HTTP_ADDR: "unix:///c.sock" }, "unix:///c.sock"],
      ["an empty variable that counts for nothing", {}, {}, { CONSUL_HTTP_ADDR: "" }, "http://127.0.0.1:8500"],
    ];
    for (const [what, args, config, env, url] of found) {
      it(`from ${what}`, () => {
        expect(resolve(args, config, env).url).to.equal(url);
      });
    }

    it("and keeps socket and path apart from it", () => {
      expect(resolve({ address: "unix:///run/c.sock" })).to.include({ socketPath: "/run/c.sock", pathPrefix: "" });
      expect(resolve({ address: "https://proxy:1/a/b" })).to.include({ origin: "https://proxy:1", pathPrefix: "/a/b" });
    });
  });

  describe("with a configuration namespace of its own", () => {
    const config = { "east:address": "east:1", "east:token": "east-token", "consul:token": "first-token" };
    const env = { CONSUL_HTTP_TOKEN: "first-token", CONSUL_HTTP_AUTH: "first:auth", CONSUL_CACERT: "/first/ca.pem" };

    it("takes nothing from consul:* and nothing from the environment", () => {
      const connection = resolve({ config: "east" }, config, env);
      expect(connection).to.include({ url: "http://east:1", token: "east-token" });
      expect(connection.headers).to.deep.equal({});
      expect(resolve({ config: "east" }, { "east:address": "east:1" }, env)).to.not.have.property("token");
    });

    it("still goes after the arguments", () => {
      expect(resolve({ config: "east", token: "mine" }, config, env).token).to.equal("mine");
    });

    it("does not fall back to the default address", () => {
      const problems = checkConnection({ config: "west" }, sources(config, { CONSUL_HTTP_ADDR: "first:1" }));
      expect(problems).to.have.length(1);
      expect(problems[0]).to.include({ path: "connection.config" });
      expect(problems[0]?.reason).to.match(/west:address/);
    });

    it("is the ordinary one when it is called consul", () => {
      expect(resolve({ config: "consul" }, {}, { CONSUL_HTTP_ADDR: "c:1" }).url).to.equal("http://c:1");
    });
  });

  describe("is judged before anything happens:", () => {
    const bad: [string, object, RegExp, string?][] = [
      ["a name that is nearly one", { adress: "c:1" }, /connection\.adress is not a setting: did you mean address\?/],
      ["a name that is none", { colour: "red" }, /connection\.colour is not a setting: known are address, /],
      ["text that is a number", { address: 8500 }, /connection\.address must be a string/, "connection.address"],
      ["empty text", { address: "" }, /connection\.address is empty/, "connection.address"],
      ["a flag that is text", { insecureHttps: "yes" }, /true or false/, "connection.insecureHttps"],
      ["a scheme that is none", { scheme: "ftp" }, /must be one of "http", "https"/, "connection.scheme"],
      ["an address of another kind", { address: "ftp://c" }, /starts with http:\/\//, "connection.address"],
      ["an address without a host", { address: "http://:8500" }, /is not an address/, "connection.address"],
      ["an address with a bad port", { address: "c:99999" }, /is not an address/, "connection.address"],
      ["an address with a blank", { address: "c :1" }, /is not an address/, "connection.address"],
      ["an address with a query", { address: "c:1/?dc=x" }, /query/, "connection.address"],
      ["a socket by half its path", { address: "unix://consul.sock" }, /whole path/, "connection.address"],
      ["two schemes", { address: "http://c:1", scheme: "https" }, /starts with http:\/\//, "connection.scheme"],
      [
        "a file that is not there",
        { caFile: "/not/there.pem" },
        /\/not\/there\.pem does not exist/,
        "connection.caFile",
      ],
      ["a folder that is not there", { caPath: "/not/there" }, /\/not\/there does not exist/, "connection.caPath"],
      [
        "a folder in place of a file",
        { tokenFile: tmpdir() },
        /is a folder, not a file \(EISDIR\)/,
        "connection.tokenFile",
      ],
      ["an authority that is none", { caPem: "hello" }, /connection\.caPem holds no readable PEM/, "connection.caPem"],
      [
        "two authorities",
        { caFile: "/a", caPem: "x" },
        /caFile and connection\.caPem are set together/,
        "connection.caFile",
      ],
      ["a bad duration", { idleTimeout: "soon" }, /idleTimeout: "soon" is not a duration/, "connection.idleTimeout"],
      ["a limit of nothing", { idleTimeout: 0 }, /greater than zero/, "connection.idleTimeout"],
      ["a limit below nothing", { idleTimeout: -1 }, /greater than zero/, "connection.idleTimeout"],
      ["a limit of a year", { idleTimeout: "365d" }, /7 days/, "connection.idleTimeout"],
      ["a limit that is no number", { idleTimeout: Number.NaN }, /greater than zero/, "connection.idleTimeout"],
      ["headers of another form", { headers: { a: "b" } }, /list of \{ name, value \}/],
      ["a header with a bad name", { headers: [{ name: "a b", value: "c" }] }, /name that no header/],
      ["a header of two lines", { headers: [{ name: "a", value: "b\r\nc: d" }] }, /value that no header/],
      ["a token as a header", { headers: [{ name: "X-Consul-Token", value: "t" }] }, /use token or tokenFile/],
      ["a host as a header", { headers: [{ name: "host", value: "h" }] }, /must not set host/],
      [
        "a name of Object.prototype as a header",
        { headers: [{ name: "Constructor", value: "\n" }] },
        /gives Constructor a/,
      ],
      [
        "two logins",
        { httpAuth: "a:b", headers: [{ name: "Authorization", value: "Bearer x" }] },
        /Authorization, and so does httpAuth/,
      ],
      ["a token with a line break", { token: "a\nb" }, /connection\.token holds characters/],
    ];
    for (const [what, args, reason, path] of bad) {
      it(what, () => {
        const problems = checkConnection(args, sources());
        expect(problems.map((problem) => problem.reason).join("\n")).to.match(reason);
        expect(problems.some((problem) => problem.path === path)).to.equal(true);
      });
    }

    it("half of a client certificate, either half", () => {
      const { clientCert: certFile, clientKey: keyFile } = certificates;
      const [one] = checkConnection({ certFile }, sources());
      expect(one).to.deep.equal({
        path: "connection.certFile",
        reason: "connection.certFile is half of a client certificate: specify keyFile or keyPem too",
      });
      expect(reasons({ keyFile })).to.deep.equal([
        "connection.keyFile is half of a client certificate: specify certFile or certPem too",
      ]);
      expect(reasons({}, {}, { CONSUL_CLIENT_CERT: certFile })).to.deep.equal([
        "CONSUL_CLIENT_CERT is half of a client certificate: specify keyFile or keyPem too",
      ]);
    });

    it("a key of another certificate", () => {
      const args = { certFile: certificates.clientCert, keyFile: other.clientKey };
      expect(reasons(args)).to.deep.equal(["connection.certFile and connection.keyFile do not belong together"]);
    });

    it("a certificate or key that is none, or has a passphrase", async () => {
      const text = await file("text", "hello");
      expect(reasons({ certFile: text, keyFile: certificates.clientKey })).to.deep.equal([
        "connection.certFile holds no readable PEM certificate",
      ]);
      expect(reasons({ certFile: certificates.clientCert, keyFile: text })).to.deep.equal([
        "connection.keyFile holds no readable PEM private key",
      ]);
      const { generateKeyPairSync } = await import("node:crypto");
      const keyPem = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
        type: "pkcs8",
        format: "pem",
        cipher: "aes-256-cbc",
        passphrase: "secret",
      });
      expect(reasons({ certFile: certificates.clientCert, keyPem })).to.deep.equal([
        "connection.keyPem needs a passphrase: specify a key without one",
      ]);
    });

    it("a file that this user may not read", async () => {
      const secret = await file("unreadable", "token");
      await chmod(secret, 0o000);
      const [reason] = await withoutRights(() => reasons({ tokenFile: secret }));
      expect(reason).to.match(/may not be read by this user/);
    });

    it("an empty token file", async () => {
      expect(reasons({ tokenFile: await file("empty", "\n") })).to.deep.equal(["connection.tokenFile holds no token"]);
    });

    it("configuration and environment, by the names that they have there and without a path", () => {
      const wrong = checkConnection(
        {},
        sources(
          { "consul:insecureHttps": "maybe", "consul:headers": "{", "consul:idleTimeout": "soon" },
          { CONSUL_CACERT: "/not/there.pem", CONSUL_HTTP_SSL: "perhaps" },
        ),
      );
      expect(wrong.map(({ reason }) => reason).join("\n"))
        .to.match(/consul:insecureHttps must be true or false/)
        .and.match(/consul:headers must be a list of \{ name, value \}/)
        .and.match(/consul:idleTimeout: "soon"/)
        .and.match(/CONSUL_CACERT: \/not\/there\.pem does not exist/)
        .and.match(/CONSUL_HTTP_SSL must be true or false/);
      expect(wrong.filter(({ path }) => path !== undefined)).to.deep.equal([]);
    });

    it("everything at once, and all of it in the error of a use", () => {
      expect(() => resolve({ idleTimeout: "soon", scheme: "https", address: "http://c" }))
        .to.throw(SnapshotError, /soon.*/)
        .that.satisfies((error: SnapshotError) => error.code === "ARGUMENT_INVALID" && /http:\/\//.test(error.message));
    });
  });

  it("reads what configuration has as text", () => {
    const connection = resolve(
      { address: "https://c" },
      {
        "consul:insecureHttps": "true",
        "consul:idleTimeout": "90",
        "consul:connectTimeout": "PT1M",
        "consul:headers": '[{ "name": "X-Team", "value": "platform" }]',
      },
    );
    expect(connection.tls?.insecure).to.equal(true);
    expect(connection).to.include({ idleTimeoutMs: 90_000, connectTimeoutMs: 60_000 });
    expect(connection.headers).to.deep.equal({ "X-Team": "platform" });
  });

  it("checks certificates unless CONSUL_HTTP_SSL_VERIFY says no", () => {
    const insecure = (env: Texts) => resolve({ address: "https://c" }, {}, env).tls?.insecure;
    expect(insecure({})).to.equal(false);
    expect(insecure({ CONSUL_HTTP_SSL_VERIFY: "true" })).to.equal(false);
    expect(insecure({ CONSUL_HTTP_SSL_VERIFY: "false" })).to.equal(true);
  });

  describe("while a value is not known yet", () => {
    const UNKNOWN = Symbol("unknown");

    it("says nothing about it, whichever it is", () => {
      const names = [
        "address",
        "scheme",
        "token",
        "tokenFile",
        "httpAuth",
        "caPem",
        "headers",
        "config",
        "idleTimeout",
      ];
      for (const name of names) expect(reasons({ [name]: UNKNOWN }), name).to.deep.equal([]);
      expect(reasons({ headers: [{ name: "a", value: UNKNOWN }, UNKNOWN] })).to.deep.equal([]);
    });

    it("takes it for given: an unknown half is no missing half", () => {
      expect(reasons({ certFile: certificates.clientCert, keyPem: UNKNOWN })).to.deep.equal([]);
      expect(reasons({ certPem: UNKNOWN, keyFile: certificates.clientKey })).to.deep.equal([]);
    });

    it("still judges the rest", () => {
      expect(reasons({ address: UNKNOWN, idleTimeout: "soon" })).to.have.length(1);
    });
  });

  it("never repeats a secret, and names none by its path", () => {
    // Random texts have words of JavaScript in them, which would then be missing in the messages of this process's other tests.
    const secret = fc
      .array(fc.tuple(fc.constantFrom(..."!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\u00e9\u20ac".split("")), fc.nat(999)))
      .map((pairs) => `s3cr3t-9f4c1e70${pairs.map(([sign, number]) => `${sign}${number}`).join("")}`);
    fc.assert(
      fc.property(secret, fc.constantFrom("token", "httpAuth", "certPem", "keyPem", "headers"), (text, name) => {
        for (const value of [text, `${text}\n`, 7, [text], [{ name: text, value: text }], { text }]) {
          for (const problem of checkConnection({ [name]: value }, sources())) {
            expect(problem.reason).to.not.include("s3cr3t-");
            expect(problem).to.not.have.property("path");
          }
        }
      }),
    );
    expect(reasons({ address: "http://user:s3cr3t@c:1" })).to.deep.equal([
      "connection.address holds credentials: use connection.httpAuth, consul:httpAuth or CONSUL_HTTP_AUTH",
    ]);
    expect(checkConnection({ address: "http://user:s3cr3t@c:1" }, sources())[0]).to.not.have.property("path");
    const ofCommand = { ...sources(), vocabulary: commandVocabulary(connectionOptions) };
    expect(checkConnection({ address: "http://user:s3cr3t@c:1" }, ofCommand)).to.deep.equal([
      { reason: "--http-addr holds credentials: use CONSUL_HTTP_AUTH" },
    ]);
  });
});
