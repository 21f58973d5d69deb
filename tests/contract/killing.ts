import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { expect } from "chai";
import { basename } from "node:path/posix";
import { bytesOf, contentOf, expectAbsent, gate, type Ground, PART, stream } from "./ground";

const WRITER = resolve(__dirname, "../support/stores-writer.ts");
const TOTAL = 6 * PART;
/** How often a writer is killed; each takes about a second. */
const KILLS = Number(process.env.KILLS ?? 6);
const AT_ONCE = 3;

/** Nothing of a killed process is visible, and its leavings go in the end. */
export function killing(ground: Ground): void {
  /** A process that writes `TOTAL` bytes to `name`, killed when `taken` of them were taken. */
  async function killWriter(name: string, taken: number): Promise<void> {
    const writer = spawn(process.execPath, ["--import", "tsx", WRITER, ground.server.url(name), String(TOTAL)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let told = "";
    writer.stdout.on("data", (text: Buffer) => {
      told += text.toString();
      if (told.split("\n").some((line) => line === "done" || Number(line) >= taken)) writer.kill("SIGKILL");
    });
    await once(writer, "exit");
    expect(told).to.not.equal("");
  }

  describe("a writer that is killed", () => {
    ground.test("leavings", "leaves what a sweep takes after a day: that, and nothing else", async () => {
      const leavings = ground.server.leavings!;
      const store = await ground.client();
      const key = ground.key("{index}.snap");
      const killed = key.replace("{index}", "1");
      const before = await leavings.names();
      const names = async () => (await leavings.names()).filter((name) => !before.includes(name));

      await killWriter(basename(killed), TOTAL / 2);
      expect(await names()).to.have.lengthOf(1);
      await store.sweep(killed, key);
      expect(await names(), "not yet a day old").to.have.lengthOf(1);

      const strange = await leavings.foreign(key.replace("{index}.snap", ""));
      await leavings.age();
      const running = key.replace("{index}", "2");
      const begun = gate();
      const swept = gate();
      const putting = store.put(
        running,
        stream(bytesOf(2 * PART), async () => {
          begun.open();
          await swept.opened;
        }),
      );
      await begun.opened;
      await store.sweep(killed, key);
      const left = await names();
      expect(left).to.have.lengthOf(2);
      expect(left).to.include(strange);
      swept.open();
      await putting;
      expect((await contentOf(store.read(running))).equals(bytesOf(2 * PART))).to.equal(true);
      expect(await names()).to.deep.equal([strange]);
    });

    it(`leaves nothing to see, ${KILLS} times of ${KILLS}`, async function () {
      this.timeout(KILLS * 20_000);
      const store = await ground.client();
      const killOne = async (kill: number) => {
        const key = ground.key();
        // The last one is killed when the source has given its last byte: it may have been quicker.
        await killWriter(basename(key), Math.ceil((TOTAL * (kill + 1)) / KILLS));
        if (kill < KILLS - 1) await expectAbsent(store, key);
        else expect((await store.head(key))?.size ?? TOTAL).to.equal(TOTAL);
      };
      for (let kill = 0; kill < KILLS; kill += AT_ONCE) {
        const batch = Array.from({ length: Math.min(AT_ONCE, KILLS - kill) }, (_, more) => kill + more);
        await Promise.all(batch.map(killOne));
      }
    });
  });
}
