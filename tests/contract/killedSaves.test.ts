import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { manifestKey, readManifest } from "../../provider/catalog/manifest";
import { verifyStoredArchive } from "../../provider/catalog/storedArchive";
import { partialName } from "../../provider/store/file/hiddenNames";
import { parseLocation } from "../../provider/store/location";
import type { Store } from "../../provider/store/store";
import { collect, type KeyPair, keyPair } from "../support/archives/ageKeys";
import { generatedArchive } from "../support/archives/generatedArchive";
import { effort } from "../support/effort";
import { type LyingConsul, lyingConsul } from "../support/faults/lyingConsul";
import { startStoreProxy, type Step } from "../support/faults/storeProxy";
import { gate, Ground, listed, LONG, PART } from "../support/stores/ground";
import { STORES } from "../support/stores/stores";
import { compiledProgram } from "../support/programs/compiled";

const KILL_AT_FILE_CALL = resolve(__dirname, "../support/programs/killAtFileCall.cjs");
const AT_ONCE = 3;
/** Two parts; less is one request. */
const STATE_BYTES = PART + 100_000;
/** How many saves are killed at random, where they are. */
const RANDOM_KILLS = 50;
const RANDOM_STATE_BYTES = 44e6;
const SIDES = ["before", "after"] as const;

/** Calls `work` for each item, a few at once. */
async function each<T>(items: readonly T[], work: (item: T, at: number) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) {
    await Promise.all(items.slice(at, at + AT_ONCE).map((item, more) => work(item, at + more)));
  }
}

for (const kind of STORES) {
  describe(`${kind.name}: a save that is killed`, function () {
    this.timeout(10 * LONG);
    const ground = new Ground(kind);
    let archive: Buffer;
    let key: KeyPair;
    let consul: LyingConsul;
    let store: Store;
    before(async () => {
      await ground.start();
      [archive, key] = [await collect(generatedArchive(STATE_BYTES)), await keyPair()];
      consul = await lyingConsul((response, headers) => void response.writeHead(200, headers).end(archive));
      store = await ground.client();
    });
    after(async () => {
      await consul.stop();
      await ground.stop();
    });

    /** A process that saves, says so, and waits. */
    function startSave(target: string, from: LyingConsul, encrypted: boolean, env: NodeJS.ProcessEnv = {}) {
      const hook = env.KILL_AT === undefined ? [] : ["--require", KILL_AT_FILE_CALL];
      const args = [...hook, compiledProgram("saver"), target, from.address];
      const child = spawn(process.execPath, [...args, ...(encrypted ? [key.recipient] : [])], {
        stdio: ["pipe", "pipe", "inherit"],
        env: { ...process.env, ...env },
      });
      let said = "";
      const saved = new Promise<string>((done) =>
        child.stdout.on("data", (text: Buffer) => {
          said += text.toString();
          if (/^saved$/m.test(said)) done(said);
        }),
      );
      return { child, saved, ended: once(child, "exit") };
    }

    async function killed(child: ChildProcess, ended: Promise<unknown[]>): Promise<void> {
      child.kill("SIGKILL");
      expect(await ended, "it ended before it was killed").to.deep.equal([null, "SIGKILL"]);
    }

    /** Of all that is visible: how many archives verify and are as their manifests say, and how many are not. */
    async function judge(prefix: string): Promise<{ whole: number; broken: string[] }> {
      const archives = (await listed(store.list(prefix))).filter((object) => /\.snap(\.age)?$/.test(object.key));
      const decryption = { identities: [key.identity], identityFiles: [] };
      const { signal } = new AbortController();
      const broken: string[] = [];
      for (const object of archives) {
        try {
          const facts = await verifyStoredArchive(store, object, object.key, { decryption, signal });
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

    const prefixOf = (name: string): string => parseLocation(ground.server.url(name)).key;

    /** Judges the saves that were killed one step further each: absent at first, whole from some step on. */
    async function expectWholeOrAbsent(names: readonly string[], what: readonly string[]): Promise<void> {
      const outcomes: string[] = [];
      for (const [at, name] of names.entries()) {
        const { whole, broken } = await judge(prefixOf(name));
        expect(broken, what[at]).to.deep.equal([]);
        outcomes.push(whole === 1 ? "whole" : "absent");
      }
      expect(outcomes[0], "at its first step").to.equal("absent");
      expect(outcomes.at(-1), "at its last step").to.equal("whole");
      const first = outcomes.indexOf("whole");
      expect(outcomes.slice(first), "once it is whole").to.not.include("absent");
    }

    if (kind.start === STORES[0]?.start) {
      it("leaves nothing visible that does not verify, before and after each call of the file system", async () => {
        const KILL_BELOW = parseLocation(ground.server.url("x")).key.replace(/x$/, "");
        // What others left is swept, which takes calls of its own: each of these saves finds something.
        await writeFile(join(KILL_BELOW, partialName()), "");
        const alone = startSave(ground.server.url("alone.snap"), consul, false, { KILL_BELOW, KILL_AT: "count" });
        const calls = (await alone.saved).match(/^call \w+$/gm) ?? [];
        await killed(alone.child, alone.ended);
        const steps = calls.flatMap((call, at) => SIDES.map((side) => ({ call, KILL_AT: `${side} ${at + 1}` })));
        expect(steps.length).to.be.above(10);
        await each(steps, async ({ call, KILL_AT }, at) => {
          const name = `step-${at}-{random}.snap`;
          const { ended } = startSave(ground.server.url(name), consul, at % 2 === 1, { KILL_BELOW, KILL_AT });
          expect(await ended, `${KILL_AT}, ${call}`).to.deep.equal([null, "SIGKILL"]);
        });
        await expectWholeOrAbsent(
          steps.map((_, at) => `step-${at}-`),
          steps.map(({ call, KILL_AT }) => `${KILL_AT}, ${call}`),
        );
      });
    } else {
      it("leaves nothing visible that does not verify, before and after the answer to each request", async () => {
        /** @param step - default: when it has saved */
        const killSave = async (name: string, encrypted: boolean, step?: Step): Promise<readonly string[]> => {
          const proxy = await startStoreProxy(ground.server.port);
          const reached = step === undefined ? undefined : proxy.reach(step);
          const { child, saved, ended } = startSave(ground.server.url(name, undefined, proxy.port), consul, encrypted);
          await Promise.race([reached ?? saved, ended]);
          await killed(child, ended);
          await proxy.stop();
          return proxy.requests;
        };
        const requests = await killSave("alone-{random}.snap", false);
        const steps = requests.flatMap((request, at) => SIDES.map((side) => ({ request, number: at + 1, side })));
        expect(steps.length).to.be.above(8);
        await each(steps, async ({ number, side }, at) => {
          await killSave(`step-${at}-{random}.snap`, at % 2 === 1, { request: number, side });
        });
        await expectWholeOrAbsent(
          steps.map((_, at) => `step-${at}-`),
          steps.map(({ request, side }) => `${side} the answer to ${request}`),
        );
      });
    }

    if (effort.full) {
      it(`leaves nothing visible that does not verify, ${RANDOM_KILLS} times at random`, async () => {
        const large = await collect(generatedArchive(RANDOM_STATE_BYTES));
        const count = { whole: 0, broken: [] as string[] };
        const killAtRandom = async (name: string, encrypted: boolean, lasting?: Lasting): Promise<Lasting> => {
          const at = { asked: 0, sent: 0 };
          const moments = { asked: gate(), sent: gate() };
          const paced = await lyingConsul((response, headers) => {
            at.asked = performance.now();
            moments.asked.open();
            response.writeHead(200, headers);
            Readable.from(pieces(large)).pipe(response);
            response.once("finish", () => {
              at.sent = performance.now();
              moments.sent.open();
            });
          });
          const { child, saved, ended } = startSave(ground.server.url(name), paced, encrypted);
          const after = Math.random() < 0.5 ? "asked" : "sent";
          if (lasting === undefined) await saved;
          else await moments[after].opened.then(() => delay(Math.random() * lasting[after]));
          const now = performance.now();
          await killed(child, ended);
          await paced.stop();
          return { asked: now - at.asked, sent: now - at.sent };
        };
        const lastings = [
          await killAtRandom("alone-{random}.snap", false),
          await killAtRandom("alone-{random}.snap", true),
        ];
        await each(Array.from({ length: RANDOM_KILLS }), async (_, number) => {
          await killAtRandom(`random-${number}-{random}.snap`, number % 2 === 1, lastings[number % 2]);
          const { whole, broken } = await judge(prefixOf(`random-${number}-`));
          count.whole += whole;
          count.broken.push(...broken);
        });
        // What a server may still have made of a request that was on its way.
        count.broken.push(...(await judge(prefixOf("random-"))).broken);
        expect(count.broken).to.deep.equal([]);
        expect(count.whole, "some were killed in time").to.be.below(RANDOM_KILLS);
      });
    }
  });
}

/** How long a save takes that is left alone, in ms: since Consul was asked, and since it has sent its last byte. */
interface Lasting {
  readonly asked: number;
  readonly sent: number;
}

/** As a network gives it: all at once, the buffers on the way would take much of it before anything was uploaded. */
async function* pieces(archive: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < archive.length; at += 1024 * 1024) {
    yield archive.subarray(at, at + 1024 * 1024);
    await delay(10);
  }
}
