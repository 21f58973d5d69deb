import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { expect } from "chai";
import { basename } from "node:path/posix";
import { bytesOf, contentOf, gate, type Ground, PART, stream } from "./ground";

const WRITER = resolve(__dirname, "../support/stores-writer.ts");
const TOTAL = 6 * PART;

/** The leavings of a killed process go in the end. */
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
  });
}
