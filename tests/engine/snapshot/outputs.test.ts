import { expect } from "chai";
import { type ConsulServer, fill, inspect, NEWEST_AND_OLDEST, startConsul } from "../../support/consul/consul";
import { PulumiProject } from "../../support/pulumi/project";

const PROGRAM = `
const backup = new ConsulSnapshot("backup", {
  target: "./backups/",
  consistency: env.CONSISTENCY,
  inspect: { kvDepth: 1 },
});
exports.index = backup.index;
`;

describe("the outputs of a ConsulSnapshot", function () {
  this.timeout(120_000);

  for (const binary of NEWEST_AND_OLDEST) {
    it(`say what consul snapshot inspect says, consistent and stale, for ${binary} with KV, services, sessions, queries and ACLs`, async () => {
      const consul = await startConsul({ binary, acl: true });
      const project = await PulumiProject.create(PROGRAM, { config: { "consul:address": consul.address } });
      try {
        await fill(consul);
        for (const consistency of ["consistent", "stale"]) {
          await project.up({ CONSISTENCY: consistency, CONSUL_HTTP_TOKEN: consul.token ?? "" });
          const outputs = await project.outputs();
          const { Meta } = await inspect(String(outputs.location), { binary });
          const { Stats, StatsKV } = await inspect(String(outputs.location), {
            flags: ["-kvdetails", "-kvdepth", "1"],
          });
          expect(outputs).to.deep.include({
            snapshotId: Meta.ID,
            index: Meta.Index,
            term: Meta.Term,
            size: Meta.Size,
            version: Meta.Version,
            datacenter: "dc1",
            consulVersion: await versionOf(consul),
            knownLeader: true,
            lastContact: 0,
            encrypted: false,
            contents: Stats.map(({ Name, Count, Sum }) => ({ type: Name, count: Count, size: Sum })),
            kv: {
              prefixes: (StatsKV ?? []).map(({ Name, Count, Sum }) => ({ prefix: Name, count: Count, size: Sum })),
              rest: { count: 0, size: 0 },
            },
            restorable: {
              ok: true,
              consulVersion: await versionOf(consul),
              basis: "tried",
              knownBy: "tried",
              reasons: [],
            },
          });
          expect(outputs.servers).to.have.lengthOf(1);
          expect(Date.parse(String(outputs.takenAt))).to.equal(Number(Meta.ID.split("-")[2]));
          await project.destroy();
        }
      } finally {
        await project.remove();
        await consul.stop();
      }
    });
  }
});

async function versionOf(consul: ConsulServer): Promise<string> {
  const { Config } = (await consul.api("/v1/agent/self")) as { Config: { Version: string } };
  return Config.Version;
}
