import { expect } from "chai";
import { Board } from "../../../agent/board";
import { metricsOf } from "../../../agent/http/metrics";
import { SnapshotError } from "../../../provider/errors";
import { manifestOf } from "../../support/archives/manifests";

const at = (minute: number): Date => new Date(Date.parse("2026-11-27T00:00:00Z") + minute * 60_000);
const denied = new SnapshotError("STORE_DENIED", "access is denied", "Check the credentials.");
const A = { name: "a", place: "s3://a/" };
const B = { name: "b", place: "s3://b/" };

describe("what an agent knows of its destinations", () => {
  /** `a` has received two snapshots, `b` has failed twice. */
  function busy(): Board {
    const board = new Board([A, B], at(0));
    board.setLeader(true, at(0));
    for (const minute of [0, 60]) {
      for (const { name } of [A, B]) board.began(name, at(minute));
      board.delivered("a", { manifest: manifestOf(1), pruned: { kept: 2, removed: 3 } }, at(minute), at(minute));
      board.failed("b", denied, at(minute));
      board.observe("take", 1);
    }
    for (const status of board.destinations) status.nextStart = at(120);
    return board;
  }
  /** The lines of a scrape that concern a destination. */
  const linesOf = async (board: Board, name: string): Promise<string[]> =>
    (await metricsOf(board).text()).split("\n").filter((line) => line.includes(`destination="${name}"`));

  it("outlasts a change of the configuration where their places stay", async () => {
    const board = busy();
    metricsOf(board);
    board.observe("take", 1);
    const [a, b] = [await linesOf(board, "a"), await linesOf(board, "b")];
    expect(a).to.include(`consul_snapshot_archives_removed_total{destination="a"} 6`);
    board.configure([B, { name: "c", place: "s3://c/" }, A], at(90));
    const notScheduled = (lines: string[]) => lines.filter((line) => !line.includes("next_run"));
    expect(await linesOf(board, "a")).to.deep.equal(notScheduled(a));
    expect(await linesOf(board, "b")).to.deep.equal(notScheduled(b));
    expect(await linesOf(board, "c")).to.include(`consul_snapshot_successes_total{destination="c"} 0`);
    const text = await metricsOf(board).text();
    expect(text).to.include('consul_snapshot_duration_seconds_count{phase="take"} 1');
    expect(board.startedAt).to.deep.equal(at(0));
    expect(board.isStandby).to.equal(false);
  });

  it("follows a place to its new name, and belongs to no other place of the same name", async () => {
    const board = busy();
    board.configure(
      [
        { name: "renamed", place: A.place },
        { name: "b", place: "s3://other/" },
      ],
      at(90),
    );
    const [renamed, b] = board.destinations;
    expect(renamed).to.deep.include({ name: "renamed", successes: 2, removed: 6, lastSuccess: at(60) });
    expect(b).to.deep.include({ name: "b", failures: 0 });
    expect(await linesOf(board, "a")).to.deep.equal([]);
    // Two names of one place are two destinations.
    board.configure(
      [
        { name: "renamed", place: A.place },
        { name: "second", place: A.place },
      ],
      at(95),
    );
    expect(board.destinations.map(({ successes }) => successes)).to.deep.equal([2, 0]);
  });

  it("continues as one destination where several at its place have new names", () => {
    const board = busy();
    const names = (...each: string[]) => each.map((name) => ({ name, place: A.place }));
    board.configure(names("first", "second"), at(90));
    expect(board.destinations.map(({ successes }) => successes)).to.deep.equal([2, 0]);
    board.failed("second", denied, at(91));
    expect(board.of("first").errorsByCode).to.deep.equal(new Map());
    board.configure(names("third", "fourth"), at(95));
    expect(board.destinations.map(({ successes, failures }) => [successes, failures])).to.deep.equal([
      [2, 0],
      [0, 1],
    ]);
  });

  it("includes the newest archive of another agent, and takes its own for no other", () => {
    const board = busy();
    const { takenAt } = manifestOf(1);
    board.found("a", new Date(takenAt));
    expect(board.of("a")).to.deep.include({ lastSuccess: at(60) });
    expect(board.of("a").lastManifest).to.not.equal(undefined);
    const later = new Date(Math.max(Date.parse(takenAt), at(60).getTime()) + 1);
    board.found("a", later);
    expect(board.of("a")).to.deep.include({ lastSuccess: later, successes: 2 });
    expect(board.of("a").lastManifest).to.equal(undefined);
    board.found("a", at(0));
    expect(board.of("a").lastSuccess).to.deep.equal(later);
  });
});
