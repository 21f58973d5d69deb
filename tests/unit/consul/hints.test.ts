import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { connectionOptions } from "../../../cli/options/connection";
import { commandVocabulary } from "../../../cli/options/vocabulary";
import type { Vocabulary } from "../../../provider/args/vocabulary";
import { ConsulClient } from "../../../provider/consul/client";
import { resolveConnection, type Sources } from "../../../provider/consul/connection";
import { type Certificates, makeCertificates } from "../../support/consul/certificates";
import { failure } from "./harness";

type Texts = Readonly<Record<string, string>>;

/** Where a user may write the settings of a connection. */
interface Settings {
  readonly args?: Texts;
  readonly config?: Texts;
  readonly env?: Texts;
}

const { signal } = new AbortController();
const COMMAND = commandVocabulary(connectionOptions);

/** Does what a hint says, setting by setting: `set CONSUL_HTTP_ADDR to "http://…"`. */
function follow(hint: string, { args = {}, config = {}, env = {} }: Settings): Settings {
  const done = { args: { ...args }, config: { ...config }, env: { ...env } };
  const changes = [
    ...hint.matchAll(
      /\bset ((?:[\w.:-]+(?:, | or )?)+) to (?:a name that is in the certificate, such as )?"([^"]*)"/gi,
    ),
  ];
  expect(changes, hint).to.not.be.empty;
  for (const [, labels = "", value = ""] of changes) {
    // Of several places, any will do.
    const label = labels.split(/, | or /).at(-1) ?? "";
    if (label.startsWith("connection.")) done.args[label.slice("connection.".length)] = value;
    else if (label === "--http-addr") done.args.address = value;
    else if (label.includes(":")) done.config[label] = value;
    else done.env[label] = value;
  }
  return done;
}

function sourcesOf({ config = {}, env = {} }: Settings, vocabulary?: Vocabulary): Sources {
  return { config: (key) => config[key], env, ...(vocabulary === undefined ? {} : { vocabulary }) };
}

async function leader(settings: Settings, vocabulary?: Vocabulary): Promise<string | undefined> {
  const connection = resolveConnection(settings.args ?? {}, sourcesOf(settings, vocabulary));
  const client = new ConsulClient(connection, { signal, notice: (message) => expect.fail(message) });
  return client.leader().finally(() => client.close());
}

describe("the hints of a connection, followed to the letter,", function () {
  this.timeout(60_000);
  let certificates: Certificates;
  let http: string;
  let https: string;
  const stops: (() => void)[] = [];
  before(async () => {
    certificates = await makeCertificates();
    const plain = createServer((_, response) => response.end('"the leader"'));
    const tls = { cert: readFileSync(certificates.serverCert), key: readFileSync(certificates.serverKey) };
    const secure = createTlsServer(tls, (_, response) => response.end('"the leader"'));
    // As Go's net/http answers; Node.js closes the connection instead.
    secure.on("tlsClientError", (_, socket) => {
      const answer = "Client sent an HTTP request to an HTTPS server.\n";
      // biome-ignore lint: the raw socket is below the TLS one
      (socket as unknown as { _parent?: { end(text: string): void } })._parent?.end(
        `HTTP/1.0 400 Bad Request\r\nContent-Length: ${answer.length}\r\n\r\n${answer}`,
      );
    });
    for (const server of [plain, secure]) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      stops.push(() => (server.closeAllConnections(), server.close()));
    }
    http = `127.0.0.1:${(plain.address() as AddressInfo).port}`;
    https = `127.0.0.1:${(secure.address() as AddressInfo).port}`;
  });
  after(async () => {
    for (const stop of stops) stop();
    await certificates.remove();
  });

  const wrongScheme: [string, (host: string, scheme: "http" | "https") => Settings, Vocabulary?][] = [
    ["CONSUL_HTTP_ADDR with a scheme", (host, scheme) => ({ env: { CONSUL_HTTP_ADDR: `${scheme}://${host}` } })],
    ["consul:address with a scheme", (host, scheme) => ({ config: { "consul:address": `${scheme}://${host}` } })],
    ["connection.address with a scheme", (host, scheme) => ({ args: { address: `${scheme}://${host}` } })],
    ["connection.scheme", (host, scheme) => ({ args: { address: host, scheme } })],
    ["consul:scheme", (host, scheme) => ({ env: { CONSUL_HTTP_ADDR: host }, config: { "consul:scheme": scheme } })],
    ["two of the same", (host, scheme) => ({ args: { address: `${scheme}://${host}`, scheme } })],
    [
      "a scheme of a later place, which does not count",
      (host, scheme) => ({
        args: { address: `${scheme}://${host}` },
        env: { CONSUL_HTTP_SSL: String(scheme === "http") },
      }),
    ],
    [
      "a configuration of another name",
      (host, scheme) => ({ args: { config: "east" }, config: { "east:address": host, "east:scheme": scheme } }),
    ],
    ["the command's option", (host, scheme) => ({ args: { address: `${scheme}://${host}` } }), COMMAND],
  ];
  for (const [what, settings, vocabulary] of wrongScheme) {
    it(`get http instead of https from ${what}`, async () => {
      const wrong = settings(http, "https");
      const error = await failure(leader(wrong, vocabulary));
      expect(error.code).to.equal("CONSUL_TLS");
      expect(await leader(follow(error.hint, wrong), vocabulary)).to.equal("the leader");
    });

    it(`get https instead of http from ${what}`, async () => {
      const wrong = settings(https, "http");
      const error = await failure(leader(wrong, vocabulary));
      expect(error.code).to.equal("CONSUL_TLS");
      const followed = follow(error.hint, wrong);
      const ca = { ...followed, args: { ...followed.args, caFile: certificates.caFile } };
      expect(await leader(ca, vocabulary)).to.equal("the leader");
    });
  }

  const ssl: [string, (host: string) => Texts][] = [
    ["CONSUL_HTTP_SSL", (host) => ({ CONSUL_HTTP_ADDR: host, CONSUL_HTTP_SSL: "true" })],
    ["CONSUL_HTTP_SSL against http://", (host) => ({ CONSUL_HTTP_ADDR: `http://${host}`, CONSUL_HTTP_SSL: "1" })],
    ["CONSUL_HTTP_SSL and https://", (host) => ({ CONSUL_HTTP_ADDR: `https://${host}`, CONSUL_HTTP_SSL: "t" })],
  ];
  for (const [what, env] of ssl) {
    it(`get http instead of https from ${what}`, async () => {
      const wrong = { env: env(http) };
      expect(await leader(follow((await failure(leader(wrong))).hint, wrong))).to.equal("the leader");
    });
  }

  it("get https where nothing says http", async () => {
    const wrong = { env: { CONSUL_HTTP_ADDR: https } };
    const followed = follow((await failure(leader(wrong))).hint, wrong);
    expect(await leader({ ...followed, args: { caFile: certificates.caFile } })).to.equal("the leader");
  });

  it("name a name that is in the certificate", async () => {
    const wrong = { args: { address: `https://${https}`, caFile: certificates.caFile, tlsServerName: "other" } };
    const { hint, message } = await failure(leader(wrong));
    expect(message).to.include("is not for other");
    expect(await leader(follow(hint, wrong))).to.equal("the leader");
  });

  it("name only places that count", async () => {
    const refused = createServer((_, response) => response.writeHead(403).end("Permission denied"));
    refused.listen(0, "127.0.0.1");
    await once(refused, "listening");
    const address = `127.0.0.1:${(refused.address() as AddressInfo).port}`;
    const hintOf = async (settings: Settings, vocabulary?: Vocabulary): Promise<string> => {
      const connection = resolveConnection(settings.args ?? {}, sourcesOf(settings, vocabulary));
      const client = new ConsulClient(connection, { signal, notice: (message) => expect.fail(message) });
      return (await failure(client.identity().finally(() => client.close()))).hint;
    };
    try {
      expect(await hintOf({ args: { address } })).to.include("connection.token, consul:token or CONSUL_HTTP_TOKEN");
      const east = await hintOf({ args: { config: "east" }, config: { "east:address": address } });
      expect(east).to.include("connection.token or east:token").and.not.include("CONSUL_");
      const command = await hintOf({ args: { address } }, COMMAND);
      expect(command).to.include(": CONSUL_HTTP_TOKEN").and.not.include("connection.");
    } finally {
      refused.close();
    }
  });

  it("name the place of an address where nothing listens", async () => {
    const { hint } = await failure(leader({ env: { CONSUL_HTTP_ADDR: "127.0.0.1:1" } }));
    expect(hint).to.include("CONSUL_HTTP_ADDR").and.not.include("connection.address");
  });
});
