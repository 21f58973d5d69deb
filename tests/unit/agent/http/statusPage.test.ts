import { expect } from "chai";
import { Board } from "../../../../agent/board";
import { statusJson } from "../../../../agent/http/statusJson";
import { statusPage } from "../../../../agent/http/statusPage";
import { SnapshotError } from "../../../../provider/errors";
import { manifestOf } from "../../../support/archives/manifests";

const START = new Date("2026-11-27T03:00:00Z");
const NOW = new Date("2026-11-27T03:42:00Z");
const denied = new SnapshotError("STORE_DENIED", "access is denied <403>", "Check the credentials.");

/** The visible text of the page, one line for each row of the table. */
function textOf(board: Board): string[] {
  const html = statusPage(statusJson(board), NOW);
  const body = html.slice(html.indexOf("<body>"));
  return body
    .replaceAll(/<\/(?:h1|p|tr)>/g, "\n")
    .replaceAll(/<(?:\/t[dh]|br)>/g, " | ")
    .replaceAll(/<[^>]*>/g, "")
    .split("\n")
    .flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
}

function leading(...names: readonly string[]): Board {
  const board = new Board(
    names.map((name) => ({ name })),
    START,
  );
  board.setLeader(true, START);
  for (const status of board.destinations) status.nextStart = new Date("2026-11-27T04:00:00Z");
  return board;
}

describe("the agent's status page", () => {
  it("says of each destination what a person asks first", () => {
    const board = leading("a", "b", "c");
    board.delivered("a", { manifest: { ...manifestOf(1), location: "s3://bucket/one.snap" } }, START, START);
    board.failed("b", denied, START);
    board.failed("b", denied, START);
    expect(textOf(board).slice(1, -1)).to.deep.equal([
      "This agent has led since 2026-11-27 03:00:00 UTC. 1 of 3 destinations fails.",
      "Destination | State | Newest snapshot | Next snapshot |",
      "a | ok | 2026-11-27 03:00:00 UTC, 42 min ago | s3://bucket/one.snap | 2026-11-27 04:00:00 UTC |",
      "b | 2 failures in a row | none by this agent since it started | 2026-11-27 04:00:00 UTC |",
      "access is denied &lt;403&gt; (STORE_DENIED). Check the credentials. |",
      "c | waiting | none by this agent since it started | 2026-11-27 04:00:00 UTC |",
    ]);
  });

  it("says that all is well only when every destination has a snapshot", () => {
    const board = leading("a", "b");
    const summary = (): string => textOf(board)[1] ?? "";
    board.delivered("a", { manifest: manifestOf(1) }, START, START);
    expect(summary()).to.equal("This agent has led since 2026-11-27 03:00:00 UTC.");
    board.delivered("b", { manifest: manifestOf(1) }, START, START);
    expect(summary()).to.include("All destinations have received the last snapshot.");
    board.failed("a", denied, NOW);
    board.failed("b", denied, NOW);
    expect(summary()).to.include("2 of 2 destinations fail.");
  });

  it("of an agent that waits shows no times of a schedule that it does not follow", () => {
    const board = leading("a");
    board.setLeader(false, START);
    board.setStandby(START);
    expect(textOf(board)).to.include.members([
      "Another agent leads; this one has waited since 2026-11-27 03:00:00 UTC.",
      "a | waiting | none by this agent since it started |  |",
    ]);
  });

  it("has no markup but its own, and loads nothing", () => {
    const board = leading('<script src="//evil">', "a&b");
    board.failed("a&b", new SnapshotError("STORE_DENIED", "<img onerror='x'>", '"><b>'), START);
    const html = statusPage(statusJson(board), NOW);
    expect(html.match(/<(?:script|img|b|link|iframe)\b/g)).to.equal(null);
    expect(html).to.not.match(/\b(?:src|onerror)=["']/);
    expect(html).to.include("&lt;script src=&quot;//evil&quot;&gt;");
  });
});
