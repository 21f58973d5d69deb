import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { basename } from "node:path/posix";
import { bytesOf, contentOf, gate, type Ground, PART, stream } from "../support/stores/ground";
import { compiledProgram } from "../support/programs/compiled";

const TAKEN = 3 * PART;

/** The leavings of a killed process go in the end. */
export function killing(ground: Ground): void {
  /** A process that writes to `name`, killed when `TAKEN` bytes were taken and more is to come. */
  async function killWriter(name: string): Promise<void> {
    const writer = spawn(process.execPath, [compiledProgram("storeWriter"), ground.server.url(name), String(TAKEN)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    writer.stdout.once("data", () => writer.kill("SIGKILL"));
    expect(await once(writer, "exit")).to.deep.equal([null, "SIGKILL"]);
  }

  describe("a writer that is killed", () => {
    ground.test("leavings", "leaves what a sweep takes after a day: that, and nothing else", async () => {
      const leavings = ground.server.leavings!;
      const store = await ground.client();
      const key = ground.key("{index}.snap");
      const killed = key.replace("{index}", "1");
      const before = await leavings.names();
      const names = async () => (await leavings.names()).filter((name) => !before.includes(name));

      await killWriter(basename(killed));
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
