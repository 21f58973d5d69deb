import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { command } from "../../support/programs/command";
import type { ConsulCluster } from "../../support/consul/consul";
import { type Lost, loseQuorum, startReplacement, untilItHoldsAll } from "../../support/consul/quorumLoss";
import { saveTo, temporaryFolder } from "../../support/programs/saving";

describe("quorum loss: two of three servers are gone for good, and", function () {
  this.timeout(180_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let lost: Lost;
  let replacement: ConsulCluster | undefined;
  before(async () => {
    folder = await temporaryFolder();
    lost = await loseQuorum();
  });
  after(async () => {
    await Promise.all([lost.stop(), replacement?.stop(), folder.remove()]);
  });

  it("what the last one holds comes to a new cluster, every kind of it, on all servers", async () => {
    const { address } = lost.survivor;
    const { saved, said } = await saveTo(
      join(folder.path, "rescue/"),
      { address, token: lost.token },
      { consistency: "stale" },
    );
    expect(saved.knownLeader).to.equal(false);
    expect(said.warn).to.have.lengthOf(1);
    expect(said.warn[0]).to.include("knows no leader").and.include("the newest writes may be missing");
    await lost.stop();

    replacement = await startReplacement();
    const [first] = replacement.servers;
    const token = first?.token ?? "";
    await writeFile(join(folder.path, "token"), lost.token);
    const { code, out, err } = await command(
      [
        ...["restore", saved.manifest.location, "--yes", "--allow", "otherCluster"],
        ...["--safety-snapshot", join(folder.path, "before-restore/")],
        ...["--token-after-restore-file", join(folder.path, "token")],
      ],
      { env: { CONSUL_HTTP_ADDR: first?.address, CONSUL_HTTP_TOKEN: token } },
    );
    expect(code, err).to.equal(0);
    expect(out).to.match(/outcome +(exact|drift)/);
    for (const secret of [token, lost.token]) expect(out + err).to.not.include(secret);

    await untilItHoldsAll(replacement, lost);
  });

  it("the token in the new servers' configuration works again, as their leader has written it", async () => {
    expect(replacement?.servers).to.have.lengthOf(3);
    for (const server of replacement?.servers ?? []) {
      expect(await server.api("/v1/acl/token/self")).to.include({ SecretID: server.token });
    }
  });
});
