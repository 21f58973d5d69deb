import { createServer } from "node:http";
import { expect } from "chai";
import { sendHeartbeat } from "../../../agent/heartbeat";
import { makeLog } from "../../../agent/log";
import { type Listening, listenOnLoopback } from "../../support/faults/listening";

const PAUSE_MS = 1;

describe("the agent's heartbeat", () => {
  let server: Listening;
  let answers: (number | "cut" | "endless")[];
  let asked: string[];
  let lines: string[];
  beforeEach(async () => {
    [asked, lines] = [[], []];
    server = await listenOnLoopback(
      createServer((request, response) => {
        asked.push(`${request.method} ${request.url}`);
        const answer = answers.shift() ?? 200;
        if (answer === "cut") request.socket.destroy();
        else if (answer === "endless") response.writeHead(200).write("the first byte of a body that does not end");
        else response.writeHead(answer).end("answer of the server");
      }),
    );
  });
  afterEach(() => server.stop());

  const log = makeLog(
    { format: "text", level: "TRACE", syslog: false, facility: "LOCAL0" },
    (line) => lines.push(line),
    () => new Date(0),
  );
  const send = (signal = new AbortController().signal): Promise<void> =>
    sendHeartbeat(`http://${server.address}/ping/secret-id`, log, signal, PAUSE_MS);

  it("is one request where that is accepted", async () => {
    answers = [204];
    await send();
    expect({ asked, lines }).to.deep.equal({ asked: ["GET /ping/secret-id"], lines: [] });
  });

  it("is accepted by the status, however long its body takes", async () => {
    answers = ["endless"];
    await send();
    expect({ asked, lines }).to.deep.equal({ asked: ["GET /ping/secret-id"], lines: [] });
  });

  it("is sent again after a failure, whichever it is, until it is accepted", async () => {
    answers = [500, "cut", 404, 200];
    await send();
    expect(asked).to.have.lengthOf(4);
    expect(lines).to.deep.equal([]);
  });

  it("is given up after four tries, which is a warning without the URL, and no failure", async () => {
    for (const [given, problem] of [
      [503, "the server answers 503"],
      ["cut", "the server cannot be reached (UND_ERR_SOCKET)"],
    ] as const) {
      answers = Array<number | "cut">(5).fill(given);
      [asked, lines] = [[], []];
      await send();
      expect(asked).to.have.lengthOf(4);
      expect(lines).to.have.lengthOf(1);
      expect(lines[0]).to.include(`[WARN] the heartbeat was not accepted, after 4 tries: ${problem}`);
      expect(lines[0]).to.not.include("secret-id");
    }
  });

  it("is not sent again once the agent ends", async () => {
    const ending = new AbortController();
    answers = [500];
    const sent = sendHeartbeat(`http://${server.address}/ping`, log, ending.signal, 3_600_000);
    while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    ending.abort();
    await sent;
    expect(asked).to.have.lengthOf(1);
    expect(lines).to.deep.equal([]);
  });
});
