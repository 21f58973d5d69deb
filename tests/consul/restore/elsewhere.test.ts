import { expect } from "chai";
import { CONSUL_VERSIONS, type ConsulServer, DEFAULT_CONSUL, fill, startConsul } from "../../support/consul/consul";
import { contentsByApi } from "../../support/consul/contentsByApi";
import { readBackFrom, restoreFrom } from "../../support/programs/restoring";
import { saveTo, temporaryFolder } from "../../support/programs/saving";

describe("a restore into another cluster", function () {
  this.timeout(120_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const servers: ConsulServer[] = [];
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    await folder.remove();
  });

  async function start(options: Parameters<typeof startConsul>[0] = {}): Promise<ConsulServer> {
    const server = await startConsul(options);
    servers.push(server);
    return server;
  }

  function at(server: ConsulServer): { address: string; token?: string } {
    return { address: server.address, ...(server.token === undefined ? {} : { token: server.token }) };
  }

  /** The token in a server's configuration would be made again after a restore; one that was made by hand is not. */
  async function ownToken(server: ConsulServer): Promise<string> {
    const body = { Policies: [{ Name: "global-management" }] };
    const made = (await server.api("/v1/acl/token", { method: "PUT", body })) as { SecretID: string };
    return made.SecretID;
  }

  /** Everything of the one is in the other, which has its configured token besides. */
  async function expectAllOf(old: ConsulServer, fresh: ConsulServer): Promise<void> {
    const { "/v1/acl/tokens": tokens, ...rest } = await contentsByApi(old);
    const { "/v1/acl/tokens": there, ...others } = await contentsByApi(fresh, old.token);
    expect(others).to.deep.equal(rest);
    expect(there).to.deep.include.members(tokens as unknown[]);
  }

  async function saved(server: ConsulServer): Promise<string> {
    return (await saveTo(`${folder.path}/`, at(server))).saved.manifest.location;
  }

  it("of the same name, without ACLs, is guarded, allowed, and true", async () => {
    const [old, fresh] = [await start(), await start()];
    await fill(old);
    const archive = await saved(old);
    const { error } = await restoreFrom(archive, at(fresh));
    expect(error?.code).to.equal("RESTORE_REFUSED");
    expect(error?.message)
      .to.include("the archive is from another cluster")
      .and.match(/\(guard otherCluster\)$/);
    expect(error?.hint).to.include('allow: ["otherCluster"]');
    const { restored } = await restoreFrom(archive, at(fresh), {
      safety: `${folder.path}/safety/`,
      request: { allow: ["otherCluster"] },
    });
    expect(restored?.outcome).to.be.oneOf(["exact", "drift"]);
    expect(await contentsByApi(fresh)).to.deep.equal(await contentsByApi(old));
  });

  it("is guarded, too, where the token may read the version and not the servers' ids", async () => {
    const [old, fresh] = [await start(), await start({ acl: true })];
    const archive = await saved(old);
    const put = (path: string, body: object) => fresh.api(path, { method: "PUT", body });
    const Rules = 'acl = "write" agent_prefix "" { policy = "read" }';
    const { ID } = (await put("/v1/acl/policy", { Name: "restore", Rules })) as { ID: string };
    const { SecretID } = (await put("/v1/acl/token", { Policies: [{ ID }] })) as { SecretID: string };
    const { error } = await restoreFrom(archive, { address: fresh.address, token: SecretID });
    expect(error?.message).to.match(
      /nothing was restored: the archive is from another cluster.*\(guard otherCluster\)$/,
    );
  });

  it("with ACLs says that the token is gone, and is proved with tokenAfterRestore, then or at once", async () => {
    const [old, fresh] = [await start({ acl: true }), await start({ acl: true })];
    await fill(old);
    const archive = await saved(old);
    const there = { address: fresh.address, token: await ownToken(fresh) };
    const runId = "with ACLs";
    const allow = ["otherCluster"] as const;
    const wishes = { safety: `${folder.path}/safety/`, request: { runId, allow } };
    const { error, attempt } = await restoreFrom(archive, there, wishes);
    expect(error?.code).to.equal("RESTORE_UNCONFIRMED");
    expect(error?.message).to.include("the restored cluster does not know the token");
    expect(error?.hint).to.include("tokenAfterRestore");
    for (const token of [old.token ?? "", there.token]) {
      expect(`${error?.message} ${error?.hint} ${JSON.stringify(attempt)}`).not.to.include(token);
    }

    const known = {
      ...wishes,
      request: { runId, allow, ...(old.token !== undefined && { tokenAfterRestore: old.token }) },
    };
    const later = await readBackFrom(attempt!, there, known);
    expect(later.restored?.outcome).to.be.oneOf(["exact", "drift"]);
    const adopted = await restoreFrom(archive, there, known);
    expect(adopted.restored?.adopted, "with the state lost").to.equal(true);
    await expectAllOf(old, fresh);

    const other = await start({ acl: true });
    const elsewhere = { address: other.address, token: await ownToken(other) };
    const atOnce = await restoreFrom(archive, elsewhere, known);
    expect(atOnce.restored?.adopted, "a run of the same name on another cluster").to.equal(false);
    await expectAllOf(old, other);
  });

  it("of another datacenter is guarded, allowed, and true", async () => {
    const [old, fresh] = [await start(), await start({ datacenter: "dc2" })];
    await fill(old);
    const archive = await saved(old);
    expect((await restoreFrom(archive, at(fresh))).error?.message).to.include("guard otherDatacenter");
    const { restored, said } = await restoreFrom(archive, at(fresh), {
      request: { allow: ["otherDatacenter", "otherCluster"] },
    });
    expect(restored?.outcome).to.be.oneOf(["exact", "drift"]);
    expect(said.warn.join()).to.include("overridden otherDatacenter: the archive is from datacenter dc1");
    expect(await contentsByApi(fresh)).to.deep.equal(await contentsByApi(old));
  });

  for (const [from, to] of [
    ["consul-1.12", DEFAULT_CONSUL],
    ["consul-1.13", DEFAULT_CONSUL],
    [DEFAULT_CONSUL, "consul-1.12"],
  ] as const) {
    it(`of another version is guarded, allowed, and true: ${from} into ${to}`, async () => {
      const [old, fresh] = [await start({ binary: from }), await start({ binary: to })];
      await fill(old);
      const archive = await saved(old);
      const { error } = await restoreFrom(archive, at(fresh));
      expect(error?.message).to.include(
        `Consul ${CONSUL_VERSIONS[from]} wrote the archive, and the servers run ${CONSUL_VERSIONS[to]}`,
      );
      expect(error?.hint).to.include('allow: ["otherCluster", "otherVersion"]');
      const allowed = await restoreFrom(archive, at(fresh), { request: { allow: ["otherCluster", "otherVersion"] } });
      const { restored } = allowed;
      expect(allowed.error?.message).to.equal(undefined);
      expect(restored?.outcome).to.be.oneOf(["exact", "drift"]);
      const [there, here] = [await contentsByApi(old), await contentsByApi(fresh)];
      expect(asKnownTo(there, here)).to.deep.equal(asKnownTo(here, there));
      expect(here["/v1/query"], "what was looked at").to.have.lengthOf(2);
    });
  }
});

/** An answer with the fields that the other version has, too. */
function asKnownTo(other: unknown, answer: unknown): unknown {
  if (Array.isArray(answer) && Array.isArray(other)) return answer.map((item, at) => asKnownTo(other[at], item));
  if (typeof answer !== "object" || answer === null || typeof other !== "object" || other === null) return answer;
  const fields = Object.entries(answer).filter(([name]) => name in other);
  return Object.fromEntries(
    fields.map(([name, value]) => [name, asKnownTo((other as Record<string, unknown>)[name], value)]),
  );
}
