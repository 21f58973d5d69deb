import { PassThrough } from "node:stream";
import { expect } from "chai";
import type { AgentIo } from "../../agent/agent";
import { makeLog } from "../../agent/log";
import type { DestinationHealth } from "../../agent/http/health";
import type { Reply } from "../../agent/http/server";
import type { Presence } from "../../agent/presence";
import type { Syslog } from "../../agent/syslog";
import type { DifferencePrinter } from "../../cli/differences/printDifferences";
import { Output } from "../../cli/terminal/output";
import { progressOn } from "../../cli/terminal/progress";
import type { TransportOptions } from "../../provider/consul/transport";
import { SnapshotError } from "../../provider/errors";
import { type Message, type Messages, withMessages } from "../../provider/hosts/messages";
import type { HookRequest } from "../../provider/hosts/hook/host";
import type { Context } from "../../provider/lifecycle";
import type { Reporter } from "../../provider/reporter";
import {
  cleanJson,
  cleanLine,
  cleanMessage,
  cleanText,
  type CleanLines,
  type CleanText,
  composed,
  escapeHtml,
  hanging,
  joined,
  onOneLine,
  padded,
  registerSecret,
  remark,
  sentence,
  shortened,
} from "../../provider/text";

/** What a server could send: escape sequences, another line, a secret. */
const SECRET = "hunter2-hunter2";
const RAW: string = `a\u001b[2Kb\nc ${SECRET}\u202e`;

describe("what shows text", () => {
  before(() => registerSecret(SECRET));

  // The compiler is the test: `npm test -- types` fails where a line below is accepted.
  it("does not take text that is not clean", () => {
    const output = new Output(new PassThrough());
    const progress = progressOn(output, new AbortController().signal);
    const log = makeLog(
      { level: "TRACE", format: "text", syslog: false, facility: "LOCAL0" },
      () => undefined,
      () => new Date(),
    );
    const attempts: Readonly<Record<string, (...sinks: never[]) => unknown>> = {
      // @ts-expect-error a string is not clean
      output: () => output.write(RAW),
      // @ts-expect-error a string of our words around one that is not clean
      "output of a template": () => output.write(`there is no ${RAW}`),
      // @ts-expect-error the tag takes clean values only
      "our own words": () => composed`there is no ${RAW}`,
      // @ts-expect-error a line that stays
      "progress.line": () => progress.line(RAW),
      // @ts-expect-error a notice of the work
      "progress.info": () => progress.info(RAW),
      // @ts-expect-error a warning of the work
      "progress.warn": () => progress.warn(RAW),
      // @ts-expect-error the agent's log
      "log.info": () => log.info(RAW),
      // @ts-expect-error the agent's log
      "log.error": () => log.error(`failed: ${RAW}`),
      // @ts-expect-error a line for syslog
      syslog: (syslog: Syslog) => syslog.write(RAW, "INFO"),
      // @ts-expect-error the agent's standard output
      agent: (io: AgentIo) => io.write(RAW),
      // @ts-expect-error the work's reporter
      "reporter.info": (reporter: Reporter) => reporter.info(RAW),
      // @ts-expect-error the work's reporter
      "reporter.warn": (reporter: Reporter) => reporter.warn(RAW),
      // @ts-expect-error a resource's row
      "context.info": (context: Context) => context.info(RAW),
      // @ts-expect-error a resource's row
      "context.warn": (context: Context) => context.warn(RAW),
      // @ts-expect-error what hosts send to the engine
      "messages.warn": (messages: Messages) => messages.warn(RAW),
      // @ts-expect-error what hosts send to the engine
      message: (): Message => ({ severity: "info", ephemeral: false, message: RAW }),
      // @ts-expect-error the log of a program with a hook
      "hook.info": (request: HookRequest) => request.info(RAW),
      // @ts-expect-error an endpoint of the agent
      endpoint: (): Reply => ({ status: 200, type: "text/html", body: RAW }),
      // @ts-expect-error the health of a destination
      health: (): DestinationHealth => ({ name: "s3", maxAgeMs: 1, problem: RAW }),
      // @ts-expect-error a check in Consul, which others read
      "presence.saving": (presence: Presence) => presence.saving("critical", RAW),
      // @ts-expect-error what the client of Consul reports
      notice: (transport: TransportOptions) => transport.notice(RAW),
      // @ts-expect-error a list of differences
      differences: (): ReturnType<DifferencePrinter["difference"]> => RAW,
      // @ts-expect-error one line is not several
      line: (lines: CleanLines): CleanText => lines,
      // @ts-expect-error the parts are clean, too
      joined: () => joined([RAW], "\n"),
      // @ts-expect-error a cell of a table
      padded: () => padded(RAW, 3),
      // @ts-expect-error text of a page in HTML
      escapeHtml: () => escapeHtml(RAW),
      // @ts-expect-error an unclean string stays so when it is shortened
      shortened: (): CleanLines => shortened(RAW, 3),
    };
    expect(Object.keys(attempts)).to.have.length(27);
  });

  it("takes errors as they are, because their constructor cleans them", () => {
    const error = new SnapshotError("STORE_DENIED", RAW, RAW);
    const [message, hint]: [CleanText, CleanText] = [error.message, error.hint];
    for (const text of [message, hint]) expect(text).to.match(/^a \[2Kb c … ?$/);
  });

  const CLEAN: Readonly<Record<string, () => CleanLines>> = {
    cleanText: () => cleanText(RAW),
    cleanLine: () => cleanLine(RAW),
    cleanMessage: () => cleanMessage(RAW),
    sentence: () => sentence`${RAW}`,
    remark: () => remark`${RAW}`,
    composed: () => composed`${cleanLine(RAW)}: ${1}\n`,
    joined: () => joined([cleanMessage(RAW), remark`${RAW}`], " · "),
    onOneLine: () => onOneLine(cleanMessage(RAW), "; "),
    padded: () => padded(cleanText(RAW), 100, "left"),
    hanging: () => hanging(cleanMessage(RAW), 4),
    shortened: () => shortened(cleanLine(RAW), 5),
    escapeHtml: () => escapeHtml(cleanLine(RAW)),
    "JSON text": () => cleanJson({ b: [RAW, { a: RAW }] }, 2),
  };
  for (const [name, make] of Object.entries(CLEAN)) {
    it(`is given no escape sequence and no secret by ${name}`, () => {
      expect(make()).to.not.match(/[\u0000-\u0008\u000b-\u001f\u202e]/);
      expect(make()).to.not.include(SECRET);
    });
  }

  it("does not change clean text when it is composed", () => {
    const text = cleanMessage("two\n\tlines  ");
    expect(composed`a ${text} b ${3}`).to.equal("a two\n\tlines   b 3");
    expect(joined([text, text], "\n  ")).to.equal("two\n\tlines  \n  two\n\tlines  ");
    expect(hanging(text, 2)).to.equal("two\n  \tlines  ");
  });

  it("sends the engine each message cleaned, whatever its prefix", async () => {
    const sent: string[] = [];
    await withMessages(
      ({ message }) => Promise.resolve(void sent.push(message)),
      `${SECRET}: `,
      ({ info }) => info(remark`done`),
    );
    expect(sent).to.deep.equal(["…: done"]);
  });
});
