/** Describes what a restore would do, for people: the archive, the cluster, and the verdict of each guard. */

import type { Guard } from "../../provider/restore/guards";
import type { Preparation } from "../../provider/restore/prepare";
import type { Receipt } from "../../provider/restore/receipt";
import { megabytes } from "../../provider/units";
import { type CleanLines, type CleanText, composed, joined, padded, remark, sentence } from "../../provider/text";
import { rows, shown } from "../terminal/rows";
import { datacenterName } from "./datacenterName";

/** Of the names of rows, in characters. */
const WIDTH = 14;

export function describePlan(plan: Preparation | { readonly earlier: Receipt }, now: Date): CleanLines {
  return "earlier" in plan ? describeEarlier(plan.earlier) : describePreparation(plan, now);
}

function describeEarlier({ attempt: { begunAt, source, sha256 }, result, location }: Receipt): CleanLines {
  const [state, next] =
    result === undefined
      ? [sentence`begun`, sentence`Nothing would be restored: its result would be read back.`]
      : [
          sentence`restored`,
          remark`Nothing would be restored: its receipt says that it was ${result.outcome} when it was read back, and the cluster would be read again.`,
        ];
  const lines = [
    composed`This run was ${state} already`,
    ...rows(
      [
        ["begun at", begunAt],
        ["archive", source],
        ["SHA-256", sha256],
        ["receipt", location],
      ],
      WIDTH,
    ),
    next,
  ];
  return joined(lines, "\n");
}

function describePreparation(plan: Preparation, now: Date): CleanLines {
  const { archive, cluster } = plan;
  const lines = [
    composed`Archive ${shown(archive.location)}`,
    ...rows(
      [
        ["taken", `${archive.takenAt}, ${ageOf(now.getTime() - Date.parse(archive.takenAt))}`],
        ["index", archive.index],
        ["datacenter", archive.datacenter && datacenterName(archive.datacenter)],
        ["Consul", archive.consulVersion],
        ["size", `${megabytes(archive.archiveSize)}${archive.encrypted ? ", encrypted" : ""}`],
        ["SHA-256", archive.sha256],
      ],
      WIDTH,
    ),
    composed``,
    composed`Cluster ${shown(cluster.address)}`,
    ...rows(
      [
        ["datacenter", cluster.datacenter && datacenterName(cluster.datacenter)],
        ["Consul", cluster.consulVersion],
        ["index", cluster.index],
      ],
      WIDTH,
    ),
    composed``,
    composed`Records`,
    ...contents(plan),
    composed``,
    composed`Guards`,
    ...plan.guards.flatMap(describeGuard),
    composed``,
    verdict(plan),
  ];
  return joined(lines, "\n");
}

/** Compares the numbers of records in the archive and in the cluster. */
function contents({ archive, cluster }: Preparation): CleanLines[] {
  const archived = new Map(archive.contents.map(({ type, count }) => [type, count]));
  const there = new Map((cluster.contents ?? []).map(({ type, count }) => [type, count]));
  const types = [...new Set([...archived.keys(), ...there.keys()])].sort();
  const width = types.reduce((most, { length }) => Math.max(most, length), "type".length) + 2;
  const row = (type: string, one: string | number, other: string | number): CleanLines =>
    composed`  ${padded(shown(type), width)}${padded(shown(one), 10, "left")}${padded(shown(other), 14, "left")}`;
  return [
    row("type", "archive", "cluster now"),
    ...types.map((type) =>
      row(type, archived.get(type) ?? 0, cluster.contents === undefined ? "unknown" : (there.get(type) ?? 0)),
    ),
  ];
}

function describeGuard({ name, ok, overridden, overridable, message, advice }: Guard): CleanLines[] {
  const mark = ok ? sentence`ok` : overridden ? sentence`overridden` : sentence`REFUSED`;
  const judged = composed`  ${padded(mark, 12)}${shown(message)}`;
  const first = ok ? judged : composed`${judged} (guard ${shown(name)})`;
  if (ok || overridden) return [first];
  const next = composed`              ${shown(advice)}`;
  return [first, overridable ? composed`${next} To override: --allow ${shown(name)}` : next];
}

function verdict({ refusal }: Preparation): CleanText {
  return refusal === undefined
    ? sentence`It would be restored: all state of the cluster would be replaced with that of the archive.`
    : sentence`Nothing would be restored.`;
}

function ageOf(ms: number): string {
  if (ms < 0) return "which is in the future by this machine's clock";
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "less than a minute ago";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}
