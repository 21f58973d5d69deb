import { expect } from "chai";
import { CONSUL_NAMES, type ConsulServer, fill, startConsul } from "../support/consul";
import { contentsByApi } from "../support/contentsByApi";
import { readBackFrom, restoreFrom } from "../support/restoring";
import { saveTo, temporaryFolder } from "../support/saving";

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

  it("that is new and empty, of the same name and without ACLs, needs no override", async () => {
    const [old, fresh] = [await start(), await start()];
    await fill(old);
    const archive = await saved(old);
    const { restored } = await restoreFrom(archive, at(fresh), { safety: `${folder.path}/safety/` });
    expect(restored?.outcome).to.be.oneOf(["exact", "drift"]);
    expect(await contentsByApi(fresh)).to.deep.equal(await contentsByApi(old));
  });

  it("with ACLs says that the token is gone, and is proved with tokenAfterRestore, then or at once", async () => {
    const [old, fresh] = [await start({ acl: true }), await start({ acl: true })];
    await fill(old);
    const archive = await saved(old);
    const there = { address: fresh.address, token: await ownToken(fresh) };
    const runId = "with ACLs";
    const wishes = { safety: `${folder.path}/safety/`, request: { runId } };
    const { error, attempt } = await restoreFrom(archive, there, wishes);
    expect(error?.code).to.equal("RESTORE_UNCONFIRMED");
    expect(error?.message).to.include("the restored cluster does not know the token");
    expect(error?.hint).to.include("tokenAfterRestore");
    for (const token of [old.token ?? "", there.token]) {
      expect(`${error?.message} ${error?.hint} ${JSON.stringify(attempt)}`).not.to.include(token);
    }

    const known = { ...wishes, request: { runId, ...(old.token !== undefined && { tokenAfterRestore: old.token }) } };
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
    const { restored, said } = await restoreFrom(archive, at(fresh), { request: { allow: ["otherDatacenter"] } });
    expect(restored?.outcome).to.be.oneOf(["exact", "drift"]);
    expect(said.warn.join()).to.include("allowed otherDatacenter: the archive is of dc1");
    expect(await contentsByApi(fresh)).to.deep.equal(await contentsByApi(old));
  });

  for (const from of CONSUL_NAMES) {
    const to = from === "consul" ? "consul-1.12" : "consul";
    it(`of another version is guarded, allowed, and true: ${from} into ${to}`, async () => {
      const [old, fresh] = [await start({ binary: from }), await start({ binary: to })];
      await fill(old);
      const archive = await saved(old);
      const { error } = await restoreFrom(archive, at(fresh));
      expect(error?.message).to.match(/Consul 1\.1[23]\.9 wrote the archive, and the servers run 1\.1[32]\.9/);
      expect(error?.hint).to.include('allow: ["otherVersion"]');
      const allowed = await restoreFrom(archive, at(fresh), { request: { allow: ["otherVersion"] } });
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
