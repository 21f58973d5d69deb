import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import { fetch } from "undici";
import { serveEmptyBoard } from "../../../support/agent/emptyBoard";

const REQUEST = "POST /snapshot HTTP/1.1\r\nHost: agent\r\nContent-Length: 0\r\n\r\n";

describe("the agent's endpoints", () => {
  it("look at the destinations once for all who ask for the health meanwhile, and for ten seconds more", async () => {
    let looks = 0;
    let now = new Date(0);
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const { address, close } = await serveEmptyBoard({
      now: () => now,
      async health() {
        looks++;
        await answered;
        return { ok: true, reasons: [] };
      },
    });
    try {
      const ask = async (): Promise<number> => (await fetch(`http://${address}/health`)).status;
      const first = ask();
      await fetch(`http://${address}/ready`);
      now = new Date(60_000);
      const second = ask();
      await fetch(`http://${address}/ready`);
      answer();
      expect(await Promise.all([first, second, ask()])).to.deep.equal([200, 200, 200]);
      expect(looks).to.equal(1);
      now = new Date(70_001);
      await ask();
      expect(looks).to.equal(2);
    } finally {
      await close();
    }
  });

  it("take no connection that was reset for one of a unix socket", async () => {
    let snapshots = 0;
    const { address, close } = await serveEmptyBoard({ snapshot: () => ++snapshots > 0 });
    const [host = "", port] = address.split(":");
    try {
      const socket = connect(Number(port), host);
      await once(socket, "connect");
      // The server accepts it before it reads.
      await fetch(`http://${address}/ready`);
      socket.write(REQUEST);
      socket.resetAndDestroy();
      await fetch(`http://${address}/ready`);
      expect(snapshots).to.equal(0);
      expect((await fetch(`http://${address}/snapshot`, { method: "POST" })).status).to.equal(202);
      expect(snapshots).to.equal(1);
    } finally {
      await close();
    }
  });
});
