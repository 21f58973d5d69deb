import { copyFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type Certificates, makeCertificates } from "../support/consul/certificates";
import { type ConsulServer, startConsul } from "../support/consul/consul";
import { temporaryFolder } from "../support/programs/saving";
import { type AgentRun, configFile, startAgent } from "./running";

describe("files that the agent's configuration names", function () {
  this.timeout(60_000);
  let consul: ConsulServer;
  let certificates: Certificates;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let run: AgentRun | undefined;
  before(async () => {
    certificates = await makeCertificates();
    consul = await startConsul({ acl: true, tls: certificates });
  });
  after(() => Promise.all([consul.stop(), certificates.remove()]));
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    run?.stop();
    await run?.ended.catch(() => undefined);
    await folder.remove();
  });

  const path = (name: string): string => join(folder.path, name);
  const snapshots = async (): Promise<number> =>
    (await readdir(path("b"))).filter((name) => name.endsWith(".snap")).length;
  /** Creates a token that may do everything. */
  async function token(): Promise<{ readonly secret: string; destroy(): Promise<unknown> }> {
    const body = { Policies: [{ Name: "global-management" }] };
    const created = (await consul.api("/v1/acl/token", { method: "PUT", body })) as Record<string, string>;
    const { SecretID: secret = "", AccessorID: accessor = "" } = created;
    return { secret, destroy: () => consul.api(`/v1/acl/token/${accessor}`, { method: "DELETE" }) };
  }
  /** Writes the files and a configuration that names them. */
  async function prepare(secret: string): Promise<void> {
    const { caFile, clientCert, clientKey } = certificates;
    await Promise.all([
      copyFile(caFile, path("ca.pem")),
      copyFile(clientCert, path("cert.pem")),
      copyFile(clientKey, path("key.pem")),
      writeFile(path("token"), `${secret}\n`),
    ]);
    await configure({});
  }
  const configure = (more: object): Promise<string> =>
    configFile(folder.path, {
      http_addr: consul.url,
      token_file: path("token"),
      ca_file: path("ca.pem"),
      cert_file: path("cert.pem"),
      key_file: path("key.pem"),
      snapshot: { interval: "1h" },
      local_storage: { path: path("b") },
      ...more,
    });
  async function startLeading(): Promise<AgentRun> {
    run = startAgent(["-config-file", path("agent.json")]);
    await run.line(/Saved snapshot/);
    return run;
  }

  it("are read again at SIGHUP: the new token is used, and the former one can be removed", async () => {
    const [former, next] = [await token(), await token()];
    await prepare(former.secret);
    const agent = await startLeading();
    await writeFile(path("token"), next.secret);
    const reloadedAt = agent.lines.length;
    agent.reload();
    await agent.line(/Obtained leadership/, reloadedAt);
    await former.destroy();
    agent.snapshot();
    await agent.line(/Saved snapshot/, reloadedAt);
    expect(await snapshots()).to.equal(2);
    expect(agent.lines.join("\n")).to.not.include(former.secret).and.not.include(next.secret);
    agent.stop();
    expect(await agent.ended).to.equal(0);
    // The lock was released, and the service removed, with the new token.
    expect(await consul.api("/v1/session/list")).to.deep.equal([]);
    expect(await consul.api("/v1/agent/services")).to.deep.equal({});
  });

  it("change nothing at SIGHUP while one of them is invalid, and snapshots go on with the former ones", async () => {
    const { secret } = await token();
    await prepare(secret);
    const agent = await startLeading();
    const { caFile, clientKey } = certificates;
    // A certificate that is renewed, and whose key is not written yet, is as invalid as half a file.
    for (const [file, content, problem] of [
      ["ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA", /ca_file/],
      ["token", "", /token_file/],
      ["key.pem", "half a key", /key_file/],
    ] as const) {
      await writeFile(path(file), content);
      await configure({ log: { format: "json" } });
      const reloadedAt = agent.lines.length;
      agent.reload();
      expect(await agent.line(/was not reloaded, and nothing has changed/, reloadedAt)).to.match(problem);
      agent.snapshot();
      expect(await agent.line(/Saved snapshot/, reloadedAt)).to.include("[INFO]");
      expect(await agent.line(/former token and certificates are still used/, reloadedAt)).to.match(problem);
      await Promise.all([
        copyFile(caFile, path("ca.pem")),
        copyFile(clientKey, path("key.pem")),
        writeFile(path("token"), secret),
      ]);
      await configure({});
    }
    await configure({ log: { format: "json" } });
    agent.reload();
    await agent.line(/^\{.*Obtained leadership/);
    expect(await snapshots()).to.equal(4);
  });
});
