import { expect } from "chai";
import { ConsulClient, type SnapshotRequest } from "../../provider/consul/client";
import { resolveConnection } from "../../provider/consul/connection";
import { SnapshotError } from "../../provider/errors";
import {
  CONSUL_VERSIONS,
  type ConsulCluster,
  type ConsulServer,
  fill,
  NEWEST_AND_OLDEST,
  startCluster,
  until,
} from "../support/consul/consul";

interface Taken {
  readonly bytes: number;
  readonly knownLeader: boolean;
  readonly lastContactMs: number;
  readonly notices: readonly string[];
  readonly version: string | undefined;
}

async function take(consul: ConsulServer, wanted: SnapshotRequest, retryForMs = 30_000): Promise<Taken> {
  const notices: string[] = [];
  const connection = resolveConnection({ address: consul.address }, { config: () => undefined, env: {} });
  const client = new ConsulClient(connection, {
    signal: new AbortController().signal,
    notice: (message) => notices.push(message),
    retryForMs,
  });
  try {
    const { body, knownLeader, lastContactMs } = await client.snapshot(wanted);
    let bytes = 0;
    for await (const chunk of body) bytes += chunk.length;
    return { bytes, knownLeader, lastContactMs, notices, version: (await client.agent()).consulVersion };
  } finally {
    await client.close();
  }
}

const consistent: SnapshotRequest = { consistency: "consistent" };
const stale: SnapshotRequest = { consistency: "stale" };

describe("a cluster of three servers", function () {
  this.timeout(90_000);

  for (const binary of NEWEST_AND_OLDEST) {
    describe(`of ${binary}`, () => {
      let cluster: ConsulCluster;
      before(async () => {
        cluster = await startCluster(3, { binary });
        await fill(cluster.servers[0]!);
      });
      after(() => cluster.stop());

      it("gives a consistent snapshot through any of them", async () => {
        for (const server of cluster.servers) {
          const taken = await take(server, consistent);
          expect(taken).to.include({ knownLeader: true, lastContactMs: 0 });
          expect(taken.notices).to.deep.equal([]);
        }
      });

      it("gives a stale one through any, which tells how long ago the server heard from the leader", async () => {
        const leader = await cluster.leader();
        expect((await take(leader, stale)).lastContactMs).to.equal(0);
        for (const follower of await cluster.followers()) {
          const taken = await take(follower, { ...stale, maxStalenessMs: 30_000 });
          expect(taken.knownLeader).to.equal(true);
          expect(taken.lastContactMs).to.be.lessThan(30_000);
        }
      });

      // The tests from here on take one server after the other away.

      it("is asked again when the leader has just died, aloud, until there is another", async () => {
        const [follower] = await cluster.followers();
        await (await cluster.leader()).kill();
        const taken = await take(follower!, consistent);
        expect(taken.bytes).to.be.greaterThan(0);
        expect(taken.notices).to.not.be.empty;
        for (const notice of taken.notices) expect(notice).to.match(/reaches no leader.*trying again in/);
      });

      it("is refused without a leader when quorum is lost, and the stale way is named and works", async () => {
        await (await cluster.leader()).kill();
        const last = cluster.servers.find((server) => server.running)!;
        const error = await take(last, consistent, 500).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).to.be.instanceOf(SnapshotError);
        expect(error).to.have.property("code", "CONSUL_NO_LEADER");
        expect(error).to.have.property("hint").that.includes('consistency: "stale"');

        const taken = await take(last, stale);
        expect(taken.bytes).to.be.greaterThan(0);
        expect(taken.version).to.equal(CONSUL_VERSIONS[binary]);
        // The server goes on to believe in its leader for a while; how long ago it heard from it tells the truth.
        await until("the server to be too stale", async () => {
          const error = await take(last, { ...stale, maxStalenessMs: 2000 }).then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          return error instanceof SnapshotError && error.code === "CONSUL_TOO_STALE" ? true : undefined;
        });
        const later = await until("the server to know of no leader", async () => {
          const answer = await take(last, stale);
          return answer.knownLeader ? undefined : answer;
        });
        expect(later.lastContactMs).to.be.greaterThan(2000);
      });

      it("is unreachable when the last server is gone", async () => {
        const last = cluster.servers.find((server) => server.running)!;
        await last.kill();
        const error = await take(last, stale, 0).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).to.be.instanceOf(SnapshotError).and.have.property("code", "CONSUL_UNREACHABLE");
      });
    });
  }
});
