import { createWriteStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { expect } from "chai";
import { encrypt } from "../../provider/age/encrypt";
import { keyPair } from "../support/archives/ageKeys";
import { type Certificates, makeCertificates } from "../support/consul/certificates";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { generatedArchive } from "../support/archives/generatedArchive";
import { PulumiProject } from "../support/pulumi/project";

describe("secrets", function () {
  this.timeout(300_000);
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
      (await project.run(["preview", "--json"], { ...env, TRIGGER: `${trigger}-2` })).text,
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

    const files = await filesOf(project);
    expect(files.filter(({ name }) => name.endsWith(".manifest.json"))).to.have.lengthOf(2);
    // The archive holds the cluster's ACL tokens: see docs/explanation/security.md.
    const others = files.filter(({ name }) => !name.endsWith(".snap"));
    for (const [name, needle] of needles) await expectNowhere(others, name, needle);
    await project.remove();
  });

  it("are nowhere when they are identities, however they are given, also when they do not fit", async () => {
    const [key, other] = [await keyPair(), await keyPair()];
    const archive = generatedArchive(100_000);
    const project = await PulumiProject.create(`
const decryption = env.FORM === "plain" ? { identities: [env.IDENTITY] }
  : env.FORM === "whole" ? pulumi.output({ identities: [env.IDENTITY] })
  : env.FORM === "secret" ? pulumi.secret({ identities: [env.IDENTITY] })
  : env.FORM === "alone" ? env.IDENTITY
  : env.FORM === "in a list" ? [env.IDENTITY]
  : env.FORM === "as a path" ? { identityFiles: [env.IDENTITY] }
  : { identities: env.IDENTITY };
const found = ConsulSnapshot.get("found", "./archive.snap.age", { decryption });
exports.sha256 = found.sha256;
`);
    await pipeline(encrypt(archive, [key.recipient]), createWriteStream(project.path("archive.snap.age")));
    const said: string[] = [];
    for (const FORM of ["plain", "whole", "secret"]) {
      said.push(await project.up({ FORM, IDENTITY: key.identity }));
      expect(await project.outputs()).to.include({ encrypted: true });
      await expectNowhere(await filesOf(project), `the identity, given ${FORM}`, key.identity);
      const wrong = await project.upFails({ FORM, IDENTITY: other.identity });
      expect(wrong).to.include("none of the identities can decrypt the archive (DECRYPTION_FAILED)");
      said.push(wrong);
    }
    const env = { FORM: "plain", IDENTITY: key.identity };
    said.push(await project.refresh(env), (await project.run(["preview", "--diff"], env)).text);
    const broken = await project.upFails({ ...env, IDENTITY: `${key.identity}7` });
    expect(broken).to.include("identity 1 of 1 is not an age identity (ARGUMENT_INVALID)");
    said.push(broken);
    for (const FORM of ["alone", "in a list", "as a path", "not a list"]) {
      const refused = await project.upFails({ FORM, IDENTITY: key.identity });
      expect(refused).to.include("(ARGUMENT_INVALID)");
      said.push(refused);
    }
    const text = said.join("\n");
    expect(text).to.not.match(/\n\s+at /);
    for (const { identity } of [key, other]) {
      expect(text.includes(identity), "an identity in the output").to.be.false;
      await expectNowhere(await filesOf(project), "an identity", identity);
    }
    await project.remove();
  });
});

interface ProjectFile {
  readonly name: string;
  readonly path: string;
}

/** State, its backups, and whatever else lies in a project's folder. */
async function filesOf(project: PulumiProject): Promise<ProjectFile[]> {
  const entries = await readdir(project.dir, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map(({ name, parentPath }) => ({ name, path: join(parentPath, name) }));
  expect(files.map(({ name }) => name)).to.include("dev.json");
  return files;
}

async function expectNowhere(files: readonly ProjectFile[], name: string, needle: string): Promise<void> {
  for (const { path } of files) expect((await readFile(path)).includes(needle), `${name} in ${path}`).to.be.false;
}
