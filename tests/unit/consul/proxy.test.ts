import { once } from "node:events";
import { createServer as createTlsServer } from "node:https";
import { createServer, request as ask } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { ConsulClient } from "../../../provider/consul/client";
import {
  type Connection,
  type ConnectionArgs,
  checkConnection,
  resolveConnection,
} from "../../../provider/consul/connection";
import { pinAddress } from "../../../provider/consul/pinnedAddress";
import { proxyFor } from "../../../provider/consul/proxy";
import { type Certificates, makeCertificates } from "../../support/consul/certificates";
import { failure } from "./harness";

type Texts = Readonly<Record<string, string>>;

const { signal } = new AbortController();

describe("the proxy of the environment", () => {
  const proxied = (target: string, env: Texts): string | undefined => {
    const proxy = proxyFor(new URL(target), env);
    return proxy && `${proxy.isHttps ? "https" : "http"}://${proxy.host}:${proxy.port} of ${proxy.variable}`;
  };

  it("is that of the scheme, and the name in capitals goes first", () => {
    const env = { HTTP_PROXY: "http://a:1", http_proxy: "http://b:1", https_proxy: "https://c" };
    expect(proxied("http://consul:8500", env)).to.equal("http://a:1 of HTTP_PROXY");
    expect(proxied("https://consul:8501", env)).to.equal("https://c:443 of https_proxy");
    expect(proxied("http://consul", { HTTPS_PROXY: "http://a:1", ALL_PROXY: "http://a:1" })).to.equal(undefined);
    expect(proxied("http://consul", { HTTP_PROXY: "", http_proxy: "b:3128" })).to.equal("http://b:3128 of http_proxy");
    expect(proxied("http://consul", { HTTP_PROXY: "b" })).to.equal("http://b:80 of HTTP_PROXY");
  });

  it("is named where it cannot be read, without its password", () => {
    for (const [value, reason] of [
      ["http://user:100%geheim@proxy:3128", /^HTTP_PROXY has a % in its user or password .* %25$/],
      ["us%er@proxy:3128", /^HTTP_PROXY has a %/],
      ["http://[::1:3128", /^HTTP_PROXY is not a URL$/],
    ] as const) {
      const read = (): string | undefined => proxied("http://consul", { HTTP_PROXY: value });
      expect(read, value).to.throw(reason).with.property("message").that.does.not.include("geheim");
    }
  });

  it("is never used for this machine", () => {
    for (const host of ["localhost:8500", "127.0.0.1:8500", "127.8.9.10", "[::1]:8500"]) {
      expect(proxied(`http://${host}`, { HTTP_PROXY: "http://a:1" }), host).to.equal(undefined);
    }
    expect(proxied("http://128.0.0.1", { HTTP_PROXY: "http://a:1" })).to.not.equal(undefined);
  });

  // By the rules of golang.org/x/net/http/httpproxy v0.7.0: init, useProxy and the matchers of proxy.go.
  const exceptions: [string, string, boolean][] = [
    ["consul.corp", "consul.corp", true],
    ["a.consul.corp", "consul.corp", true],
    ["xconsul.corp", "consul.corp", false],
    ["consul.corp", ".consul.corp", false],
    ["a.consul.corp", ".consul.corp", true],
    ["a.b.consul.corp", "*.consul.corp", true],
    ["consul.corp", "*.consul.corp", false],
    ["CONSUL.corp", "Consul.Corp", true],
    ["consul.corp:8500", "consul.corp:8500", true],
    ["consul.corp:8500", "consul.corp:8501", false],
    ["consul.corp", "consul.corp:80", true],
    ["consul.corp", "other, consul.corp ,x", true],
    ["consul.corp", "*", true],
    ["10.1.2.3", "10.0.0.0/8", true],
    ["11.1.2.3", "10.0.0.0/8", false],
    ["10.1.2.3:8500", "10.1.2.3", true],
    ["10.1.2.3:8500", "10.1.2.3:8500", true],
    ["10.1.2.3:8500", "10.1.2.3:1", false],
    ["[fd00::1]:8500", "fd00::/8", true],
    ["[fd00::1]:8500", "fd00::1", true],
    ["[fd00::1]:8500", "[fd00::1]:8500", true],
    ["[fd00::1]:8500", "fd00::2", false],
    ["consul.corp", "10.0.0.0/8", false],
    ["consul.corp", ":8500, ,", false],
    ["bücher.corp", "bücher.corp", true],
  ];
  for (const [host, noProxy, isDirect] of exceptions) {
    it(`is ${isDirect ? "not " : ""}used for ${host} with NO_PROXY=${noProxy}`, () => {
      const proxy = proxied(`http://${host}`, { HTTP_PROXY: "http://a:1", NO_PROXY: noProxy });
      expect(proxy === undefined).to.equal(isDirect);
    });
  }

  it("is refused where it cannot be used, without its password", () => {
    const reasons = (value: string, address = "http://consul:8500"): string[] =>
      checkConnection({ address }, { config: () => undefined, env: { HTTP_PROXY: value } }).map(({ reason }) => reason);
    expect(reasons("socks5://user:s3cr3t@a:1")).to.deep.equal([
      "HTTP_PROXY has the scheme socks5: only http and https are supported; hosts in NO_PROXY are reached without a proxy",
    ]);
    expect(reasons("http://user:s3cr3t@a b")[0])
      .to.match(/^HTTP_PROXY is not a URL/)
      .and.not.include("s3cr3t");
    expect(reasons("socks5://a:1", "unix:///run/consul.sock")).to.deep.equal([]);
    expect(reasons("socks5://a:1", "127.0.0.1:8500")).to.deep.equal([]);
  });
});

describe("Consul behind an HTTP proxy", function () {
  this.timeout(60_000);
  let certificates: Certificates;
  const stops: (() => void)[] = [];
  const seen: string[] = [];
  /** What the proxy wants; the user and password of a basic login. */
  let login: string | undefined;
  let denies = false;
  let proxy: string;
  let http: number;
  let https: number;

  before(async () => {
    certificates = await makeCertificates();
    const answer = (line: string): string => (line.includes("leader") ? '"the leader"' : "{}");
    const plain = createServer((request, response) => response.end(answer(request.url ?? "")));
    const tls = { cert: readFileSync(certificates.serverCert), key: readFileSync(certificates.serverKey) };
    const secure = createTlsServer(tls, (request, response) => response.end(answer(request.url ?? "")));
    // Names are resolved by the proxy: all of them lead here.
    const forward = createServer((request, response) => {
      seen.push(`${request.method ?? ""} ${request.url ?? ""}`);
      if (login !== undefined && request.headers["proxy-authorization"] !== login) {
        response.writeHead(407).end();
        return;
      }
      const { pathname, search } = new URL(request.url ?? "");
      const onward = ask({ host: "127.0.0.1", port: http, path: pathname + search, method: request.method }, (got) => {
        response.writeHead(got.statusCode ?? 502);
        got.pipe(response);
      });
      request.pipe(onward);
    });
    forward.on("connect", ({ url = "", headers }, socket: Socket) => {
      seen.push(`CONNECT ${url}`);
      const isLoggedIn = login === undefined || headers["proxy-authorization"] === login;
      if (denies || !isLoggedIn) {
        socket.end(`HTTP/1.1 ${denies ? "403 Forbidden" : "407 Login"}\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      const onward = connect(url.endsWith(":80") ? http : https, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.pipe(onward).pipe(socket);
      });
      onward.on("error", () => socket.destroy());
      socket.on("error", () => onward.destroy());
    });
    const ports: number[] = [];
    for (const server of [plain, secure, forward]) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      ports.push((server.address() as AddressInfo).port);
      stops.push(() => {
        server.closeAllConnections();
        server.close();
      });
    }
    [http = 0, https = 0] = ports;
    proxy = `127.0.0.1:${ports[2] ?? 0}`;
  });
  beforeEach(() => {
    seen.length = 0;
    login = undefined;
    denies = false;
  });
  after(async () => {
    for (const stop of stops) stop();
    await certificates.remove();
  });

  async function leader(args: ConnectionArgs, env: Texts): Promise<string | undefined> {
    return leaderOf(resolveConnection(args, { config: () => undefined, env }));
  }

  function leaderOf(connection: Connection): Promise<string | undefined> {
    const client = new ConsulClient(connection, { signal, notice: (message) => expect.fail(message) });
    return client.leader().finally(() => client.close());
  }

  it("is reached by http, with the whole URL", async () => {
    const env = { HTTP_PROXY: `http://${proxy}` };
    expect(await leader({ address: "http://consul.corp.invalid:8500" }, env)).to.equal("the leader");
    expect(seen).to.deep.equal(["GET http://consul.corp.invalid:8500/v1/status/leader"]);
  });

  it("is reached by https through a tunnel, with its own certificate checked", async () => {
    const env = { HTTPS_PROXY: proxy };
    const args = { address: "https://server.dc1.consul:8501", caFile: certificates.caFile };
    expect(await leader(args, env)).to.equal("the leader");
    expect(seen).to.deep.equal(["CONNECT server.dc1.consul:8501"]);
    const error = await failure(leader({ ...args, address: "https://other.invalid" }, env));
    expect(error.message).to.include("is not for other.invalid");
    expect(seen[1]).to.equal("CONNECT other.invalid:443");
  });

  it("with the login of the proxy's URL, which is not shown", async () => {
    login = `Basic ${Buffer.from("user:p@ss").toString("base64")}`;
    const value = `http://user:p%40ss@${proxy}`;
    expect(await leader({ address: "http://c.invalid" }, { HTTP_PROXY: value })).to.equal("the leader");
    const args = { address: "https://server.dc1.consul", caFile: certificates.caFile };
    expect(await leader(args, { HTTPS_PROXY: value })).to.equal("the leader");
    for (const [address, variable] of [
      ["http://c.invalid", "HTTP_PROXY"],
      ["https://c.invalid", "HTTPS_PROXY"],
    ] as const) {
      const error = await failure(leader({ address }, { [variable]: `http://user:wrong@${proxy}` }));
      expect(error.code).to.equal("CONSUL_DENIED");
      expect(error.hint).to.include(`Set ${variable}`);
      expect(`${error.message}${error.hint}`).to.not.include("wrong");
    }
  });

  it("is named with the proxy when that refuses or is away", async () => {
    denies = true;
    const refused = await failure(leader({ address: "https://c.invalid" }, { HTTPS_PROXY: proxy }));
    expect(refused.message).to.equal(`the proxy ${proxy} (HTTPS_PROXY) does not connect to https://c.invalid (403)`);
    const away = await failure(leader({ address: "http://c.invalid" }, { HTTP_PROXY: "127.0.0.1:1" }));
    expect(away.message).to.equal("nothing accepts connections at the proxy 127.0.0.1:1 (HTTP_PROXY)");
    expect(away.hint).to.include("HTTP_PROXY").and.include("NO_PROXY");
  });

  it("is not resolved here for a restore, and reached through a tunnel, for a proxy could forward each request elsewhere", async () => {
    const connection = resolveConnection(
      { address: "http://consul.corp.invalid" },
      { config: () => undefined, env: { HTTP_PROXY: `http://user:word@${proxy}` } },
    );
    login = `Basic ${Buffer.from("user:word").toString("base64")}`;
    const pinned = await pinAddress(connection, signal);
    expect(pinned.hostAddress).to.equal(undefined);
    expect(await leaderOf(pinned)).to.equal("the leader");
    expect(seen).to.deep.equal(["CONNECT consul.corp.invalid:80"]);
    denies = true;
    const { message, hint } = await failure(leaderOf(pinned));
    expect(message).to.equal(`the proxy ${proxy} (HTTP_PROXY) does not connect to http://consul.corp.invalid (403)`);
    expect(hint).to.equal(
      "Allow tunnels (CONNECT), which a restore needs, to consul.corp.invalid in the proxy, or list it in NO_PROXY to reach it without a proxy.",
    );
  });
});
