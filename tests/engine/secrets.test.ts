import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type Certificates, makeCertificates } from "../support/certificates";
import { type ConsulServer, startConsul } from "../support/consul";
import { PulumiProject } from "../support/pulumi";

describe("secrets", function () {
  this.timeout(120_000);
  let certificates: Certificates;
  let consul: ConsulServer;
  before(async () => {
    certificates = await makeCertificates();
    consul = await startConsul({ tls: certificates, acl: true });
  });
  after(async () => {
    await consul.stop();
    await certificates.remove();
  });

  it("are nowhere: not in state, its backups, the output, the manifest or a temporary file", async () => {
    const keyPem = await readFile(certificates.clientKey, "utf8");
    const trigger = "a-trigger-that-is-secret-8f1c";
    const password = "basic-auth-password-5d2e";
    const connection = {
      address: consul.address,
      scheme: "https",
      token: consul.token,
      caFile: certificates.caFile,
      certPem: await readFile(certificates.clientCert, "utf8"),
      keyPem,
    };
    const project = await PulumiProject.create(`
const connection = JSON.parse(env.CONNECTION);
new ConsulSnapshot("backup", {
  target: "./backups/",
  triggers: [pulumi.secret(env.TRIGGER)],
  connection: env.WHOLE ? pulumi.output(connection) : connection,
});
`);
    const needles = [
      ["the token", consul.token ?? ""],
      ["the key", keyPem.split("\n")[1] ?? ""],
      ["the trigger", trigger],
      ["the password", password],
    ] as const;
    const env = { CONNECTION: JSON.stringify(connection), TRIGGER: trigger };
    const text = [
      await project.up(env),
      await project.preview({ ...env, TRIGGER: `${trigger}-2` }),
      (await project.run(["preview", "--diff"], { ...env, TRIGGER: `${trigger}-2` })).text,
      await project.up({ ...env, TRIGGER: `${trigger}-2`, WHOLE: "1" }),
      await project.refresh(env),
      await project.upFails({
        ...env,
        CONNECTION: JSON.stringify({ ...connection, token: undefined, httpAuth: `user:${password}` }),
        TRIGGER: `${trigger}-3`,
      }),
      await project.upFails({
        ...env,
        CONNECTION: JSON.stringify({ ...connection, keyPem: `x${keyPem}`, certFile: "y" }),
      }),
    ].join("\n");
    for (const [name, needle] of needles) expect(text.includes(needle), `${name} in the output`).to.be.false;

    const files = (await readdir(project.dir, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile() && !entry.parentPath.includes("node_modules"),
    );
    expect(files.map(({ name }) => name)).to.include("dev.json");
    expect(files.filter(({ name }) => name.endsWith(".manifest.json"))).to.have.lengthOf(2);
    for (const file of files) {
      if (file.name.endsWith(".snap")) continue; // The archive holds the cluster's ACL tokens: see docs/security.md.
      const bytes = await readFile(join(file.parentPath, file.name));
      for (const [name, needle] of needles) {
        expect(bytes.includes(needle), `${name} in ${join(file.parentPath, file.name)}`).to.be.false;
      }
    }
    await project.remove();
  });
});
