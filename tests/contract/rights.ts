import { expect } from "chai";
import { parseLocation } from "../../provider/store/location";
import { removeArchive } from "../../provider/snapshot/stored";
import { generatedArchive } from "../support/generatedArchive";
import { type LyingConsul, lyingConsul } from "../support/lyingConsul";
import { saveTo, type Wishes } from "../support/saving";
import { failureOf, type Ground, listed, PART } from "./ground";

/** The smallest rights that docs/stores.md names are enough, and no smaller than it says. */
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
      const { saved, said } = await save({ retention });
      expect(said.warn).to.deep.equal([]);
      expect(saved.pruned?.kept).to.equal(1);
      expect(saved.pruned?.removed).to.be.above(0);
      const { manifest, stored } = saved;
      const recorded = { storedSize: stored.size, storedVersion: stored.version, sha256: manifest.sha256 };
      const context = { ...silent, signal: new AbortController().signal };
      await removeArchive(manifest.location, recorded, context);
      const folder = parseLocation(ground.server.url("PREFIX/x")).key.slice(0, -1);
      expect(await listed((await ground.client()).list(folder))).to.deep.equal([]);
    });
  });
}

const silent = { config: () => undefined, status: () => undefined, info: () => undefined, warn: () => undefined };
