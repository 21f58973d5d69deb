import { expect } from "chai";
import { parseLocation } from "../../provider/store/location";
import { removeArchive } from "../../provider/resources/snapshot/archiveInStore";
import { generatedArchive } from "../support/archives/generatedArchive";
import { type LyingConsul, lyingConsul } from "../support/faults/lyingConsul";
import { saveTo, type Wishes } from "../support/programs/saving";
import { failureOf, type Ground, listed, PART } from "../support/stores/ground";

/** The smallest rights that docs/how-to/use-a-bucket.md lists are enough, and no smaller than it says. */
export function rights(ground: Ground): void {
  describe("the smallest rights in the documentation", () => {
    let consul: LyingConsul;
    let stateBytes = 2 * PART;
    before(async () => {
      consul = await lyingConsul((response, headers) => {
        response.writeHead(200, headers);
        generatedArchive((stateBytes += 100_000)).pipe(response);
      });
    });
    after(() => consul.stop());
    afterEach(() => ground.setEnvironment(ground.server.env));

    const save = (wishes: Wishes = {}) => saveTo(ground.server.url("PREFIX/"), { address: consul.address }, wishes);

    ground.test("missing permission", "let a save put, look and list, and not delete", async () => {
      ground.setEnvironment(await ground.server.leastRights!(false));
      const { saved, said } = await save();
      expect(said.warn).to.deep.equal([]);
      const store = await ground.client();
      const { key, version } = saved.stored;
      expect((await store.head(key))?.version).to.equal(version);
      expect((await failureOf(store.delete(key, { version }))).code).to.equal("STORE_DENIED");
    });

    ground.test("missing permission", "let retention delete, and deletionPolicy", async () => {
      ground.setEnvironment(await ground.server.leastRights!(true));
      const retention = { keepLast: 1 };
      await save({ retention });
      const { saved, said } = await save({ retention, sparedMs: Number.NEGATIVE_INFINITY });
      expect(said.warn).to.deep.equal([]);
      expect(saved.pruned?.kept).to.equal(1);
      expect(saved.pruned?.removed).to.be.above(0);
      const { manifest, stored } = saved;
      const { sha256, storedSha256 } = manifest;
      const recorded = { storedSize: stored.size, storedVersion: stored.version, sha256, storedSha256 };
      const context = { ...silent, signal: new AbortController().signal };
      await removeArchive(manifest.location, recorded, context);
      const folder = parseLocation(ground.server.url("PREFIX/x")).key.slice(0, -1);
      const left = (await listed((await ground.client()).list(folder))).map(({ key }) => key);
      expect(left.filter((key) => !key.endsWith(".retention.json"))).to.deep.equal([]);
    });
  });
}

const silent = { config: () => undefined, status: () => undefined, info: () => undefined, warn: () => undefined };
