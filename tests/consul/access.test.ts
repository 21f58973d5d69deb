import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { Readable } from "node:stream";
import { join } from "node:path";
import { expect } from "chai";
import { ConsulClient } from "../../provider/consul/client";
import { type ConnectionArgs, resolveConnection } from "../../provider/consul/connection";
import { SnapshotError } from "../../provider/errors";
import { type Certificates, makeCertificates } from "../support/consul/certificates";
import {
  CONSUL_VERSIONS,
  type ConsulServer,
  fill,
  inspect,
  NEWEST_AND_OLDEST,
  startConsul,
} from "../support/consul/consul";

type Texts = Readonly<Record<string, string>>;

describe("reaching a real Consul", function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "access-test-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Takes a snapshot as a save does, and gives what came. */
  async function take(args: ConnectionArgs, config: Texts = {}, env: Texts = {}) {
    const connection = resolveConnection(args, { config: (key) => config[key], env });
    const client = new ConsulClient(connection, {
      signal: new AbortController().signal,
      notice: (message) => expect.fail(`nothing should be wrong here: ${message}`),
    });
    try {
      const { body, ...facts } = await client.snapshot({ consistency: "consistent" });
      const chunks: Buffer[] = [];
      for await (const chunk of body) chunks.push(Buffer.from(chunk));
      return { ...facts, archive: Buffer.concat(chunks), cluster: await client.agent() };
    } finally {
      await client.close();
    }
  }

  async function refusal(args: ConnectionArgs, config: Texts = {}, env: Texts = {}): Promise<SnapshotError> {
    const error = await take(args, config, env).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error instanceof SnapshotError) return error;
    throw new Error("it did not fail as it should", { cause: error });
  }

  for (const binary of NEWEST_AND_OLDEST) {
    const version = CONSUL_VERSIONS[binary];

    describe(`${version} with ACLs that deny by default`, () => {
      let consul: ConsulServer;
      let address: string;
      before(async () => {
        consul = await startConsul({ binary, acl: true });
        address = consul.address;
        await fill(consul);
      });
      after(() => consul.stop());

      async function tokenWith(name: string, rules: string): Promise<string> {
        await consul.api("/v1/acl/policy", { method: "PUT", body: { Name: name, Rules: rules } });
        const body = { Policies: [{ Name: name }] };
        return ((await consul.api("/v1/acl/token", { method: "PUT", body })) as { SecretID: string }).SecretID;
      }

      it("gives an archive that the command of the same version accepts, and the facts of both agree", async () => {
        const token = consul.token!;
        const { archive, index, knownLeader, lastContactMs, cluster } = await take({ address, token });
        const file = join(folder, `${binary}.snap`);
        await writeFile(file, archive);
        expect((await inspect(file, { binary })).Meta.Index).to.equal(index);
        expect({ knownLeader, lastContactMs }).to.deep.equal({ knownLeader: true, lastContactMs: 0 });
        expect(cluster).to.include({ datacenter: "dc1", consulVersion: version });
      });

      it("takes the right token by each way of giving it", async () => {
        const token = consul.token!;
        const tokenFile = join(folder, "token");
        await writeFile(tokenFile, `${token}\n`);
        const ways: [ConnectionArgs, Texts, Texts][] = [
          [{ address, token }, {}, {}],
          [{ address, tokenFile }, {}, {}],
          [{ address, headers: [{ name: "Authorization", value: `Bearer ${token}` }] }, {}, {}],
          [{}, { "consul:address": address, "consul:token": token }, {}],
          [{}, { "consul:address": address, "consul:tokenFile": tokenFile }, {}],
          [{ config: "east" }, { "east:address": address, "east:token": token }, { CONSUL_HTTP_TOKEN: "another" }],
          [{}, {}, { CONSUL_HTTP_ADDR: address, CONSUL_HTTP_TOKEN: token }],
          [{}, {}, { CONSUL_HTTP_ADDR: `http://${address}`, CONSUL_HTTP_TOKEN_FILE: tokenFile }],
        ];
        for (const [args, config, env] of ways) {
          expect((await take(args, config, env)).cluster.datacenter).to.equal("dc1");
        }
      });

      it("says what is wrong with no token, a bad one, and one with too little", async () => {
        const none = await refusal({ address });
        expect(none.code).to.equal("CONSUL_DENIED");
        expect(none.message).to.include("without a token");
        const unknown = await refusal({ address, token: "11111111-2222-3333-4444-555555555555" });
        expect(unknown.code).to.equal("CONSUL_DENIED");
        expect(unknown.message).to.include("does not know the token").and.not.include("11111111");
        const token = await tokenWith("operator", 'operator = "write"');
        const little = await refusal({ address, token });
        expect(little.code).to.equal("CONSUL_DENIED");
        expect(little.message).to.include("does not allow the token").and.not.include(token);
        for (const { hint } of [none, unknown, little]) expect(hint).to.include('acl = "write"');
      });

      it("needs no more than the rule that the hint names, and then knows the datacenter without agent:read", async () => {
        const token = await tokenWith("snapshots", 'acl = "write"');
        const { archive, cluster } = await take({ address, token });
        expect(archive.length).to.be.greaterThan(0);
        expect(cluster).to.deep.equal({
          datacenter: "dc1",
          unknownReason: "the token may not read /v1/agent/self (agent:read)",
        });
      });

      it("learns the version from the catalog where only that may be read", async () => {
        const rules = 'acl = "write" node_prefix "" { policy = "read" } service "consul" { policy = "read" }';
        const token = await tokenWith("catalog", rules);
        expect((await take({ address, token })).cluster).to.include({ datacenter: "dc1", consulVersion: version });
      });

      it("says which datacenters there are when another is asked for", async () => {
        const error = await refusal({ address, token: consul.token!, datacenter: "dc9" });
        expect(error.code).to.equal("CONSUL_UNKNOWN_DATACENTER");
        expect(error.message).to.include("dc9");
        expect(error.hint).to.include("dc1");
      });
    });

    describe(`${version} whose agent blocks the snapshot's path`, () => {
      let consul: ConsulServer;
      before(async () => {
        consul = await startConsul({ binary, config: { http_config: { block_endpoints: ["/v1/snapshot"] } } });
      });
      after(() => consul.stop());

      it("says so, with a token and without one: no token is missing or wrong", async () => {
        for (const token of [undefined, "11111111-2222-3333-4444-555555555555"]) {
          const error = await refusal({ address: consul.address, ...(token === undefined ? {} : { token }) });
          expect(error.code).to.equal("CONSUL_DENIED");
          expect(error.message).to.include("blocks this request").and.include("blocked by agent configuration");
          expect(error.hint).to.include("block_endpoints");
        }
      });
    });

    describe(`${version} that allows writes from elsewhere only`, () => {
      let consul: ConsulServer;
      before(async () => {
        consul = await startConsul({ binary, config: { http_config: { allow_write_http_from: ["10.0.0.0/8"] } } });
      });
      after(() => consul.stop());

      it("refuses a restore before it has taken anything of it", async () => {
        const connection = resolveConnection({ address: consul.address }, { config: () => undefined, env: {} });
        const { signal } = new AbortController();
        const client = new ConsulClient(connection, { signal, notice: (message) => expect.fail(message) });
        try {
          const refused = await client.restore({ bytes: Readable.from([Buffer.alloc(64)]), size: 64 });
          expect(refused?.error.code).to.equal("CONSUL_DENIED");
          expect(refused?.error.hint).to.include("allow_write_http_from");
          expect(refused?.notTaken).to.equal(true);
        } finally {
          await client.close();
        }
      });

      it("gives its facts whatever namespace and partition are set: Community Edition has none", async () => {
        const env = { CONSUL_HTTP_ADDR: consul.address, CONSUL_NAMESPACE: "team", CONSUL_PARTITION: "part" };
        expect((await take({}, {}, env)).cluster).to.include({ datacenter: "dc1", consulVersion: version });
      });

      it("refuses an archive that is none before it replaces anything", async () => {
        const open = await startConsul({ binary });
        const connection = resolveConnection({ address: open.address }, { config: () => undefined, env: {} });
        const { signal } = new AbortController();
        const client = new ConsulClient(connection, { signal, notice: (message) => expect.fail(message) });
        try {
          const refused = await client.restore({ bytes: Readable.from([Buffer.alloc(64)]), size: 64 });
          expect(refused?.error.message).to.include("refuses the archive");
          expect(refused?.notTaken).to.equal(true);
        } finally {
          await client.close();
          await open.stop();
        }
      });
    });

    describe(`${version} with mutual TLS`, () => {
      let consul: ConsulServer;
      let ours: Certificates;
      let others: Certificates;
      let right: ConnectionArgs;
      before(async () => {
        [ours, others] = [await makeCertificates(), await makeCertificates()];
        consul = await startConsul({ binary, tls: ours });
        right = { address: consul.url, caFile: ours.caFile, certFile: ours.clientCert, keyFile: ours.clientKey };
      });
      after(async () => {
        await consul.stop();
        await ours.remove();
        await others.remove();
      });

      it("works with files, with text, and with the environment", async () => {
        const [caPem, certPem, keyPem] = await Promise.all(
          [ours.caFile, ours.clientCert, ours.clientKey].map((file) => readFile(file, "utf8")),
        );
        const env = {
          CONSUL_HTTP_ADDR: consul.address,
          CONSUL_HTTP_SSL: "true",
          CONSUL_CACERT: ours.caFile,
          CONSUL_CLIENT_CERT: ours.clientCert,
          CONSUL_CLIENT_KEY: ours.clientKey,
        };
        const text = {
          address: consul.address,
          scheme: "https",
          caPem: caPem!,
          certPem: certPem!,
          keyPem: keyPem!,
        } as const;
        expect((await take(right)).cluster.consulVersion).to.equal(version);
        expect((await take(text)).cluster.consulVersion).to.equal(version);
        expect((await take({}, {}, env)).cluster.consulVersion).to.equal(version);
      });

      it("works with the name in the certificate, whatever the address, and with no other name", async () => {
        for (const address of [consul.url, consul.url.replace("127.0.0.1", "localhost")]) {
          await take({ ...right, address, tlsServerName: "server.dc1.consul" });
          const error = await refusal({ ...right, address, tlsServerName: "server.dc2.consul" });
          expect(error.code).to.equal("CONSUL_TLS");
          expect(error.message).to.include("is not for server.dc2.consul");
          expect(error.hint).to.include("tlsServerName");
        }
      });

      it("refuses a server of another authority, unless insecureHttps says otherwise", async () => {
        const withoutAuthority = { address: consul.url, certFile: ours.clientCert, keyFile: ours.clientKey };
        for (const args of [withoutAuthority, { ...right, caFile: others.caFile }]) {
          const error = await refusal(args);
          expect(error.code).to.equal("CONSUL_TLS");
          expect(error.message).to.include("signed by none of the authorities");
          expect(error.hint).to.include("caFile");
          await take({ ...args, insecureHttps: true });
        }
      });

      it("says that a client certificate is wanted, or not accepted", async () => {
        const wanted = await refusal({ address: consul.url, caFile: ours.caFile });
        expect(wanted.code).to.equal("CONSUL_TLS");
        expect(wanted.message).to.include("wants a client certificate");
        const wrong = await refusal({ ...right, certFile: others.clientCert, keyFile: others.clientKey });
        expect(wrong.code).to.equal("CONSUL_TLS");
        expect(wrong.message).to.include("does not accept the client certificate");
      });

      it("says plainly that http was spoken to a port for https", async () => {
        const error = await refusal({ address: consul.address });
        expect(error.code).to.equal("CONSUL_TLS");
        expect(error.message).to.include("speaks https, and was asked by http");
      });
    });

    describe(`${version} on a unix socket`, () => {
      let consul: ConsulServer;
      before(async () => {
        consul = await startConsul({ binary, unixSocket: true, datacenter: "harbour" });
      });
      after(() => consul.stop());

      it("gives its snapshot there", async () => {
        expect(consul.address).to.match(/^unix:\/\/\//);
        for (const taken of [
          await take({ address: consul.address }),
          await take({}, {}, { CONSUL_HTTP_ADDR: consul.address }),
        ]) {
          expect(taken.cluster).to.include({ datacenter: "harbour", consulVersion: version });
        }
      });
    });
  }

  it("says plainly that https was spoken to a port for http", async () => {
    const consul = await startConsul();
    try {
      const error = await refusal({ address: consul.address, scheme: "https" });
      expect(error.code).to.equal("CONSUL_TLS");
      expect(error.message).to.include("does not speak https");
      const lost = await refusal({ address: `${consul.url}/consul` });
      expect(lost.code).to.equal("CONSUL_RESPONSE");
      expect(lost.message).to.include("has no /v1/snapshot");
    } finally {
      await consul.stop();
    }
  });
});
