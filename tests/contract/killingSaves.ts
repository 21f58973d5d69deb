import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { parseLocation } from "../../provider/store/location";
import type { Store } from "../../provider/store/store";
import { manifestKey, readManifest } from "../../provider/transfer/manifest";
import { verifyStored } from "../../provider/transfer/verify";
import { collect, type KeyPair, keyPair } from "../encryption/keys";
import { generatedArchive } from "../support/generatedArchive";
import { lyingConsul } from "../support/lyingConsul";
import { gate, type Ground, listed } from "./ground";

const SAVER = resolve(__dirname, "../support/saver.ts");
/** How many saves are killed in each store. */
const KILLS = Number(process.env.KILLS ?? 50);
const AT_ONCE = 3;
const STATE_BYTES = 44e6;
const PIECE = 1024 * 1024;
const PAUSE_MS = 10;

/** When a save is killed: so long after Consul was asked, or after it has sent its last byte. */
interface Moment {
  readonly after: "asked" | "sent";
  readonly ms: number;
}

/** How long a save takes that is left alone, from each of these on. */
type Lasting = Readonly<Record<Moment["after"], number>>;

/** As a network gives it: all at once, the buffers on the way would take much of it before anything was uploaded. */
async function* paced(archive: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < archive.length; at += PIECE) {
    yield archive.subarray(at, at + PIECE);
    await delay(PAUSE_MS);
  }
}

/** Whole saves, from Consul's answer to the object, each in a process of its own that is killed at a random moment. */
export function killingSaves(ground: Ground): void {
  describe("a save that is killed", () => {
    let archive: Buffer;
    let key: KeyPair;
    before(async () => {
      [archive, key] = [await collect(generatedArchive(STATE_BYTES)), await keyPair()];
    });

    /** @param moment - default: when it has saved */
    async function killSave(name: string, encrypted: boolean, moment?: Moment) {
      const at = new Map<string, number>();
      const reached = { asked: gate(), sent: gate(), saved: gate() };
      const reach = (what: keyof typeof reached) => {
        at.set(what, performance.now());
        reached[what].open();
      };
      const consul = await lyingConsul((response, headers) => {
        reach("asked");
        response.writeHead(200, headers);
        Readable.from(paced(archive)).pipe(response);
        response.once("finish", () => reach("sent"));
      });
      const saver = spawn(
        process.execPath,
        ["--import", "tsx", SAVER, ground.server.url(name), consul.address, ...(encrypted ? [key.recipient] : [])],
        { stdio: ["pipe", "pipe", "inherit"] },
      );
      const ended = once(saver, "exit");
      saver.stdout.once("data", () => reach("saved"));
      void reached[moment?.after ?? "saved"].opened.then(() =>
        setTimeout(() => saver.kill("SIGKILL"), moment?.ms ?? 0),
      );
      try {
        expect(await ended, "it ended before it was killed").to.deep.equal([null, "SIGKILL"]);
      } finally {
        await consul.stop();
      }
      const { asked = Number.NaN, sent = Number.NaN, saved = Number.NaN } = Object.fromEntries(at);
      return {
        reached: at.has("saved") ? "saved" : at.has("sent") ? "sent" : "asked",
        lasting: { asked: saved - asked, sent: saved - sent },
      };
    }

    /** Of all that is visible: how many archives verify and are as their manifests say, and how many are not. */
    async function judge(store: Store, prefix: string): Promise<{ whole: number; broken: string[] }> {
      const archives = (await listed(store.list(prefix))).filter((object) => /\.snap(\.age)?$/.test(object.key));
      const decryption = { identities: [key.identity], identityFiles: [] };
      const { signal } = new AbortController();
      const broken: string[] = [];
      for (const object of archives) {
        try {
          const facts = await verifyStored(store, object, object.key, { decryption, signal });
          const manifest = await readManifest(store, object.key);
          if (manifest?.storedSha256 !== facts.storedSha256) broken.push(`${object.key}: not that of its manifest`);
        } catch (error) {
          broken.push(`${object.key}: ${String(error)}`);
        }
        await store.delete(object.key);
        await store.delete(manifestKey(object.key));
      }
      return { whole: archives.length - broken.length, broken };
    }

    it(`leaves nothing to see that does not verify, ${KILLS} times of ${KILLS}`, async function () {
      this.timeout((KILLS + 10) * 20_000);
      const store = await ground.client();
      const prefix = parseLocation(ground.server.url("killed/x")).key.slice(0, -1);
      const count = { asked: 0, sent: 0, saved: 0, whole: 0, broken: [] as string[] };

      // Left alone, as many at once as later: what a random moment is chosen from.
      const alone = await Promise.all([false, true].map((encrypted) => killSave("killed/", encrypted)));
      const lasting = alone.map((save): Lasting => save.lasting);
      expect(await judge(store, prefix)).to.deep.equal({ whole: 2, broken: [] });

      const killOne = async (number: number) => {
        const encrypted = number % 2 === 1;
        // The last moments are the short ones, in which an object becomes visible: half of the kills are for them.
        const after = number % 4 < 2 ? "asked" : "sent";
        const ms = Math.random() * lasting[encrypted ? 1 : 0]![after];
        const { reached } = await killSave(`killed/${number}-{random}.snap`, encrypted, { after, ms });
        const { whole, broken } = await judge(store, `${prefix}${number}-`);
        if (reached === "saved") expect(whole + broken.length, "what was saved is there").to.equal(1);
        count[reached as "asked" | "sent" | "saved"]++;
        count.whole += whole;
        count.broken.push(...broken);
      };
      for (let number = 0; number < KILLS; number += AT_ONCE) {
        const batch = Array.from({ length: Math.min(AT_ONCE, KILLS - number) }, (_, more) => number + more);
        await Promise.all(batch.map(killOne));
      }
      // What a server may still have made of a request that was on its way.
      const late = await judge(store, prefix);
      count.whole += late.whole;
      count.broken.push(...late.broken);

      console.log(
        `        ${KILLS} killed of ${(archive.length / 1e6).toFixed(0)} MB: ${count.asked} while Consul sent, ${count.sent} after its last byte, ${count.saved} when all was done; ${count.broken.length} objects visible that do not verify, ${count.whole} visible and whole, ${KILLS - count.whole - count.broken.length} absent`,
      );
      expect(count.broken).to.deep.equal([]);
      expect(count.whole, "some were killed in time").to.be.below(KILLS);
    });
  });
}
