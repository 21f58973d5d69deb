import { writeFile } from "node:fs/promises";
import { expect } from "chai";
import { type Certificates, makeCertificates } from "../support/consul/certificates";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { PulumiProject } from "../support/pulumi/project";

const PROGRAM = `
new ConsulSnapshot("backup", {
  target: "./backups/",
  ...(env.CONNECTION ? { connection: JSON.parse(env.CONNECTION) } : {}),
});
`;

/** Runs an `up` of a project of its own, and gives the archives' outputs. */
async function taken(
  options: { config?: Record<string, string>; env?: Record<string, string>; connection?: object },
  program = PROGRAM,
): Promise<Record<string, unknown>[]> {
  const project = await PulumiProject.create(program, options);
  try {
    await project.up(options.connection === undefined ? {} : { CONNECTION: JSON.stringify(options.connection) });
    return (await project.resources()).map(({ outputs }) => ({ ...outputs }));
  } finally {
    await project.remove();
  }
}

async function refused(config: Record<string, string>, connection: object = {}): Promise<string> {
  const project = await PulumiProject.create(PROGRAM, { config });
  try {
    const text = await project.upFails({ CONNECTION: JSON.stringify(connection) });
    expect(text).to.not.match(/\n\s+at /);
    return text;
  } finally {
    await project.remove();
  }
}

describe("reaching Consul from a Pulumi program", function () {
  this.timeout(120_000);

  describe("with ACLs that deny by default", () => {
    let consul: ConsulServer;
    let address: Record<string, string>;
    before(async () => {
      consul = await startConsul({ acl: true });
      address = { "consul:address": consul.address };
    });
    after(() => consul.stop());

    it("says which rule is missing, and never the token", async () => {
      expect(await refused(address))
        .to.include("CONSUL_DENIED")
        .and.include('acl = "write"');
      const bad = "11111111-2222-3333-4444-555555555555";
      expect(await refused(address, { token: bad }))
        .to.include("CONSUL_DENIED")
        .and.not.include(bad);
    });

    it("takes the token from the argument, stack configuration, the environment or a file", async () => {
      const token = consul.token ?? "";
      const file = `${consul.dataDir}/token-for-tests`;
      await writeFile(file, `${token}\n`);
      for (const way of [
        { config: address, connection: { token } },
        { config: { ...address, "consul:token": token } },
        { config: address, env: { CONSUL_HTTP_TOKEN: token } },
        { config: address, connection: { tokenFile: file } },
        { config: address, env: { CONSUL_HTTP_TOKEN_FILE: file } },
      ]) {
        const [outputs] = await taken(way);
        expect(outputs?.datacenter).to.equal("dc1");
      }
    });

    it("names the datacenters that there are when another is asked for", async () => {
      const text = await refused({ ...address, "consul:token": consul.token ?? "" }, { datacenter: "dc9" });
      expect(text).to.include("CONSUL_UNKNOWN_DATACENTER").and.include("dc9");
    });
  });

  describe("with mutual TLS", () => {
    let certificates: Certificates;
    let consul: ConsulServer;
    before(async () => {
      certificates = await makeCertificates();
      consul = await startConsul({ tls: certificates });
    });
    after(async () => {
      await consul.stop();
      await certificates.remove();
    });

    it("works with the files of the stack's configuration", async () => {
      const [outputs] = await taken({
        config: {
          "consul:address": consul.address,
          "consul:scheme": "https",
          "consul:caFile": certificates.caFile,
          "consul:certFile": certificates.clientCert,
          "consul:keyFile": certificates.clientKey,
        },
      });
      expect(outputs?.datacenter).to.equal("dc1");
    });

    it("says what is wrong with a certificate of another authority", async () => {
      const other = await makeCertificates();
      const text = await refused(
        { "consul:address": consul.address, "consul:scheme": "https" },
        { caFile: other.caFile, certFile: certificates.clientCert, keyFile: certificates.clientKey },
      );
      await other.remove();
      expect(text).to.include("CONSUL_TLS");
    });

    it("says in the preview that half of a certificate is missing", async () => {
      const project = await PulumiProject.create(PROGRAM, { config: { "consul:address": consul.address } });
      const { code, text } = await project.run(["preview"], {
        CONNECTION: JSON.stringify({ certFile: certificates.clientCert }),
      });
      await project.remove();
      expect(code).to.not.equal(0);
      expect(text).to.match(/keyFile|keyPem/);
    });
  });

  it("works over a unix socket", async () => {
    const consul = await startConsul({ unixSocket: true });
    const [outputs] = await taken({ env: { CONSUL_HTTP_ADDR: consul.address } });
    await consul.stop();
    expect(outputs?.datacenter).to.equal("dc1");
  });

  it("serves two clusters in one program, each by its configuration namespace", async () => {
    const [east, west] = await Promise.all([
      startConsul({ datacenter: "east", acl: true }),
      startConsul({ datacenter: "west", acl: true }),
    ]);
    const outputs = await taken(
      {
        config: {
          "consul:address": east.address,
          "consul:token": east.token ?? "",
          "consul-west:address": west.address,
          "consul-west:token": west.token ?? "",
        },
      },
      `new ConsulSnapshot("east", { target: "./backups/" });
       new ConsulSnapshot("west", { target: "./backups/", connection: { config: "consul-west" } });`,
    );
    await Promise.all([east.stop(), west.stop()]);
    expect(outputs.map(({ datacenter }) => datacenter).sort()).to.deep.equal(["east", "west"]);
  });
});
